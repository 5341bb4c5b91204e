using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Broker.Node.Configuration;

/// <summary>One of the nine signature algorithms (RFC 7518 section 3.1); anything else, <c>none</c> included, does not exist here.</summary>
internal sealed class JwtAlgorithm
{
    private static readonly JwtAlgorithm[] All =
    [
        new("HS256", HashAlgorithmName.SHA256, 32),
        new("HS384", HashAlgorithmName.SHA384, 48),
        new("HS512", HashAlgorithmName.SHA512, 64),
        new("RS256", HashAlgorithmName.SHA256, 0),
        new("RS384", HashAlgorithmName.SHA384, 0),
        new("RS512", HashAlgorithmName.SHA512, 0),
        new("ES256", HashAlgorithmName.SHA256, 64, "P-256", ECCurve.NamedCurves.nistP256),
        new("ES384", HashAlgorithmName.SHA384, 96, "P-384", ECCurve.NamedCurves.nistP384),
        new("ES512", HashAlgorithmName.SHA512, 132, "P-521", ECCurve.NamedCurves.nistP521),
    ];

    private JwtAlgorithm(string name, HashAlgorithmName hash, int signatureBytes, string curveName = "", ECCurve curve = default)
    {
        Name = name;
        Hash = hash;
        SignatureBytes = signatureBytes;
        CurveName = curveName;
        Curve = curve;
    }

    /// <summary>All there are, for people.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(static algorithm => algorithm.Name));

    public string Name { get; }

    public HashAlgorithmName Hash { get; }

    /// <summary>Length of a signature, and of the shortest secret; 0 where the key decides (RSA).</summary>
    /// <remarks>RFC 7518 section 3.2: a key of the size of the hash output or larger MUST be used.</remarks>
    public int SignatureBytes { get; }

    /// <summary>The JWK name of the curve; empty but for ES.</summary>
    public string CurveName { get; }

    public ECCurve Curve { get; }

    public bool IsSymmetric => Name[0] == 'H';

    public bool IsRsa => Name[0] == 'R';

    /// <summary>Case decides: <c>hs256</c> is unknown (RFC 7515 section 4.1.1).</summary>
    public static bool TryParse(string? name, [NotNullWhen(true)] out JwtAlgorithm? algorithm)
    {
        algorithm = Array.Find(All, candidate => candidate.Name == name);
        return algorithm is not null;
    }

    public override string ToString() => Name;
}
