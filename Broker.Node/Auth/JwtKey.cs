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
