using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Node.Configuration;

namespace Broker.Node.Auth;

/// <summary>A public RSA key (2048 bits or more) or a public EC key on the algorithm's own curve.</summary>
/// <remarks>Key objects of the platform promise no thread-safety, so there are as many as threads ever verified at one time.</remarks>
internal sealed class PublicJwtKey : JwtKey
{
    private const int MinRsaBits = 2048;

    private readonly ConcurrentBag<AsymmetricAlgorithm> _idle = [];
    private readonly byte[] _publicHalf;
    private readonly int _signatureBytes;

    private PublicJwtKey(string id, JwtAlgorithm algorithm, AsymmetricAlgorithm key)
        : base(id, algorithm)
    {
        _publicHalf = key.ExportSubjectPublicKeyInfo();
        _signatureBytes = algorithm.IsRsa ? (key.KeySize + 7) / 8 : algorithm.SignatureBytes;
    }

    /// <remarks><paramref name="pem"/>: A public key or a certificate, of which only the key counts.</remarks>
    public static bool TryCreate(string id, JwtAlgorithm algorithm, string pem, [NotNullWhen(true)] out PublicJwtKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        if (pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            error = "public-key: holds a private key; only the public half belongs here";
            return false;
        }

        try
        {
            using var read = Read(algorithm, pem);
            return TryCreate(id, algorithm, read, out key, out error);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            error = $"public-key: not a PEM public key or certificate for {algorithm}";
            return false;
        }
    }

    /// <param name="id">The <c>kid</c> it answers to.</param>
    /// <param name="algorithm">The one it is for.</param>
    /// <param name="read">Of the algorithm's kind; not kept. Null: of another kind.</param>
    /// <param name="key">The key, where it is good enough.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryCreate(string id, JwtAlgorithm algorithm, AsymmetricAlgorithm? read, [NotNullWhen(true)] out PublicJwtKey? key, [NotNullWhen(false)] out string? error)
    {
        error = read is null || !IsOfItsCurve(algorithm, read) ? $"public-key: {algorithm} needs {(algorithm.IsRsa ? "an RSA key" : $"a key on {algorithm.CurveName}")}"
            : algorithm.IsRsa && read.KeySize < MinRsaBits ? $"public-key: {algorithm} needs at least {MinRsaBits} bits, this has {read.KeySize}"
            : null;
        key = error is null ? new PublicJwtKey(id, algorithm, read!) : null;
        return key is not null;
    }

    public override bool Verify(byte[] input, byte[] signature)
    {
        if (signature.Length != _signatureBytes)
        {
            return false;
        }

        if (!_idle.TryTake(out var key))
        {
            key = Create(Algorithm);
            key.ImportSubjectPublicKeyInfo(_publicHalf, out _);
        }

        // RFC 7518 sections 3.3 and 3.4: PKCS #1 v1.5, and the two numbers of an EC signature side by side.
        var good = key is RSA rsa
            ? rsa.VerifyData(input, signature, Algorithm.Hash, RSASignaturePadding.Pkcs1)
            : ((ECDsa)key).VerifyData(input, signature, Algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        _idle.Add(key);
        return good;
    }

    private static AsymmetricAlgorithm? Read(JwtAlgorithm algorithm, string pem)
    {
        if (pem.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return algorithm.IsRsa ? certificate.GetRSAPublicKey() : certificate.GetECDsaPublicKey();
        }

        var key = Create(algorithm);
        key.ImportFromPem(pem);
        return key;
    }

    private static AsymmetricAlgorithm Create(JwtAlgorithm algorithm) => algorithm.IsRsa ? RSA.Create() : ECDsa.Create();

    /// <summary>Other curves have as many bits as one of the three: the platforms name curves differently, but all say whether a point lies on one.</summary>
    private static bool IsOfItsCurve(JwtAlgorithm algorithm, AsymmetricAlgorithm key)
    {
        if (key is not ECDsa ecdsa)
        {
            return algorithm.IsRsa;
        }

        try
        {
            using var same = ECDsa.Create(new ECParameters { Curve = algorithm.Curve, Q = ecdsa.ExportParameters(false).Q });
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
