using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Broker.Node.Configuration;

namespace Broker.Node.Auth;

/// <summary>Takes from a JWK set (RFC 7517 section 5) the public keys that fit the pinned algorithm.</summary>
internal static class JwksReader
{
    /// <summary>Largest accepted set, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    private static readonly string[] Texts = ["kty", "use", "alg", "kid", "crv", "n", "e", "x", "y"];

    /// <summary>Keys of other kinds and for other algorithms are passed over; none left is an error.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, JwtAlgorithm algorithm, out ImmutableArray<JwtKey> keys, [NotNullWhen(false)] out string? error)
    {
        keys = [];
        if (json.Length > MaxBytes)
        {
            error = $"larger than {MaxBytes} bytes";
            return false;
        }

        if (!StrictJson.TryParseObject(json, out var document))
        {
            error = "not a JSON object";
            return false;
        }

        using (document)
        {
            if (!document.RootElement.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array)
            {
                error = "no array 'keys'";
                return false;
            }

            string? problem = null;
            keys = Read(list, algorithm, ref problem);
            error = keys.IsEmpty ? problem ?? $"no key for {algorithm}" : null;
            return error is null;
        }
    }

    private static ImmutableArray<JwtKey> Read(JsonElement list, JwtAlgorithm algorithm, ref string? problem)
    {
        var keys = ImmutableArray.CreateBuilder<JwtKey>();
        foreach (var element in list.EnumerateArray())
        {
            if (ReadKey(element, algorithm, ref problem) is { } key)
            {
                keys.Add(key);
            }
        }

        return keys.ToImmutable();
    }

    private static PublicJwtKey? ReadKey(JsonElement jwk, JwtAlgorithm algorithm, ref string? problem)
    {
        if (jwk.ValueKind != JsonValueKind.Object || Texts.Any(name => jwk.TryGetProperty(name, out var member) && member.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)))
        {
            problem ??= "a key is not a JWK";
            return null;
        }

        if (!IsFor(jwk, algorithm))
        {
            return null;
        }

        try
        {
            using var read = Import(jwk, algorithm);
            if (!PublicJwtKey.TryCreate(Text(jwk, "kid"), algorithm, read, out var key, out var error))
            {
                problem ??= error;
            }

            return key;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or FormatException)
        {
            problem ??= $"a key does not hold what {algorithm} needs";
            return null;
        }
    }

    /// <summary>RFC 7517 section 4: what the key is, and what it may be used for where that is said.</summary>
    private static bool IsFor(JsonElement jwk, JwtAlgorithm algorithm) =>
        Text(jwk, "kty") == (algorithm.IsRsa ? "RSA" : "EC")
        && (algorithm.IsRsa || Text(jwk, "crv") == algorithm.CurveName)
        && Text(jwk, "alg") is var alg && (alg.Length == 0 || alg == algorithm.Name)
        && Text(jwk, "use") is "" or "sig"
        && MayVerify(jwk);

    private static bool MayVerify(JsonElement jwk)
    {
        if (!jwk.TryGetProperty("key_ops", out var operations) || operations.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        return operations.ValueKind == JsonValueKind.Array
            && (operations.GetArrayLength() == 0 || operations.EnumerateArray().Any(static operation => operation.ValueKind == JsonValueKind.String && operation.ValueEquals("verify")));
    }

    /// <summary>The public half alone (RFC 7518 sections 6.2.1 and 6.3.1).</summary>
    private static AsymmetricAlgorithm Import(JsonElement jwk, JwtAlgorithm algorithm) => algorithm.IsRsa
        ? RSA.Create(new RSAParameters { Modulus = Bytes(jwk, "n"), Exponent = Bytes(jwk, "e") })
        : ECDsa.Create(new ECParameters { Curve = algorithm.Curve, Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") } });

    private static string Text(JsonElement jwk, string name) => jwk.TryGetProperty(name, out var member) ? member.GetString() ?? "" : "";

    private static byte[] Bytes(JsonElement jwk, string name)
    {
        // The platform reads the first byte of a number without a look at its length.
        var bytes = Base64Url.DecodeFromChars(Text(jwk, name));
        return bytes.Length > 0 ? bytes : throw new FormatException($"no {name}");
    }
}
