using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Broker.Node.Configuration;

namespace Broker.Node.Auth;

/// <summary>A token in compact form (RFC 7515 section 3.1), cut up and decoded strictly; nothing is verified yet.</summary>
internal sealed class JwtParts
{
    /// <summary>Longest accepted token, in characters.</summary>
    public const int MaxLength = 8 * 1024;

    private JwtParts(JwtAlgorithm algorithm, string? keyId, byte[] signingInput, byte[] payload, byte[] signature)
    {
        Algorithm = algorithm;
        KeyId = keyId;
        SigningInput = signingInput;
        Payload = payload;
        Signature = signature;
    }

    public JwtAlgorithm Algorithm { get; }

    /// <summary><c>kid</c>; null: absent. Only ever compared with configured ids.</summary>
    public string? KeyId { get; }

    /// <summary>Header and payload as they arrived: what the signature covers.</summary>
    public byte[] SigningInput { get; }

    public byte[] Payload { get; }

    public byte[] Signature { get; }

    /// <param name="token">Anything.</param>
    /// <param name="parts">Null exactly when this returns false.</param>
    /// <param name="why">For the log: what is wrong, and nothing of the token; "" where nothing is.</param>
    public static bool TryParse(string token, [NotNullWhen(true)] out JwtParts? parts, out string why)
    {
        parts = null;
        if (token.Length > MaxLength)
        {
            why = $"it is longer than {MaxLength} characters";
            return false;
        }

        var first = token.IndexOf('.', StringComparison.Ordinal);
        var last = token.LastIndexOf('.');
        if (first < 0
            || first == last
            || !TryDecode(token.AsSpan(0, first), out var header)
            || !TryDecode(token.AsSpan((first + 1)..last), out var payload)
            || !TryDecode(token.AsSpan(last + 1), out var signature))
        {
            why = "it is no JWT: three parts in base64url without padding, joined by dots";
            return false;
        }

        if (!TryReadHeader(header, out var algorithm, out var keyId, out why))
        {
            return false;
        }

        parts = new JwtParts(algorithm, keyId, Encoding.ASCII.GetBytes(token, 0, last), payload, signature);
        return true;
    }

    private static bool TryReadHeader(byte[] json, [NotNullWhen(true)] out JwtAlgorithm? algorithm, out string? keyId, out string why)
    {
        algorithm = null;
        keyId = null;
        if (!StrictJson.TryParseObject(json, out var document))
        {
            why = "its header is no JSON object as this node reads them";
            return false;
        }

        using (document)
        {
            // RFC 7515 section 4.1.11: an extension that is not understood MUST be refused, and none is understood.
            // jwk, jku, x5u and x5c are ignored: keys come from the configuration alone.
            var header = document.RootElement;
            var hasAlgorithm = header.TryGetProperty("alg", out var alg)
                && alg.ValueKind == JsonValueKind.String
                && JwtAlgorithm.TryParse(alg.GetString(), out algorithm);
            var hasKeyId = header.TryGetProperty("kid", out var kid);
            keyId = hasKeyId && kid.ValueKind == JsonValueKind.String ? kid.GetString() : null;
            why = header.TryGetProperty("crit", out _) ? "its header has crit, and no extension is understood"
                : !hasAlgorithm ? $"its alg is missing, or none of {JwtAlgorithm.Names}"
                : hasKeyId && keyId is null ? "its kid is no text"
                : "";
            return why.Length == 0 && algorithm is not null;
        }
    }

    // RFC 7515 section 2: no padding, no white space. One spelling for each value, so that no other text is the same token.
    private static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (text.IsEmpty || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done)
        {
            return false;
        }

        Array.Resize(ref bytes, written);
        return text.SequenceEqual(Base64Url.EncodeToString(bytes));
    }
}
