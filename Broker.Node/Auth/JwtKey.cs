using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Broker.Node.Configuration;

namespace Broker.Node.Auth;

/// <summary>A key that verifies tokens of one algorithm. Thread-safe; says nothing of itself in <c>ToString</c>.</summary>
internal abstract class JwtKey(string id, JwtAlgorithm algorithm)
{
    /// <summary>The <c>kid</c> it answers to; empty: any, and none.</summary>
    public string Id { get; } = id;

    public JwtAlgorithm Algorithm { get; } = algorithm;

    public bool Fits(JwtParts token) =>
        ReferenceEquals(Algorithm, token.Algorithm) && (Id.Length == 0 || Id == token.KeyId);

    public abstract bool Verify(byte[] input, byte[] signature);
}

/// <summary>A shared secret (HS256, HS384, HS512): the UTF-8 bytes of its text.</summary>
internal sealed class HmacKey : JwtKey
{
    private readonly byte[] _secret;

    private HmacKey(string id, JwtAlgorithm algorithm, byte[] secret)
        : base(id, algorithm) => _secret = secret;

    public static bool TryCreate(string id, JwtAlgorithm algorithm, string secret, [NotNullWhen(true)] out HmacKey? key, [NotNullWhen(false)] out string? error)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);

        // RFC 7518 section 3.2: a key of the size of the hash output or larger MUST be used.
        error = bytes.Length >= algorithm.SignatureBytes
            ? null
            : $"secret: {algorithm} needs at least {algorithm.SignatureBytes} bytes, this has {bytes.Length}";
        key = error is null ? new HmacKey(id, algorithm, bytes) : null;
        return key is not null;
    }

    public byte[] Sign(ReadOnlySpan<byte> input) => CryptographicOperations.HmacData(Algorithm.Hash, _secret, input);

    public override bool Verify(byte[] input, byte[] signature)
    {
        Span<byte> expected = stackalloc byte[64];
        var length = CryptographicOperations.HmacData(Algorithm.Hash, _secret, input, expected);
        return CryptographicOperations.FixedTimeEquals(expected[..length], signature);
    }
}
