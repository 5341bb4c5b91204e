using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Node.Configuration;
using Microsoft.IdentityModel.Tokens;

namespace Broker.Node.Auth;

/// <summary>A public RSA key (2048 bits or more) or a public EC key on the algorithm's own curve.</summary>
/// <remarks>The signature provider keeps a pool of key objects, because those of the platform promise no thread-safety.</remarks>
internal sealed class PublicJwtKey : JwtKey
{
    private const int MinRsaBits = 2048;

    private static readonly CryptoProviderFactory Factory = new() { CacheSignatureProviders = false };

    private readonly SignatureProvider _provider;
    private readonly int _signatureBytes;

    private PublicJwtKey(string id, JwtAlgorithm algorithm, SecurityKey key, int signatureBytes)
        : base(id, algorithm)
    {
        _provider = Factory.CreateForVerifying(key, algorithm.Name);
        _signatureBytes = signatureBytes;
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
            if (algorithm.IsRsa)
            {
                using var rsa = ReadRsa(pem);
                return TryCreate(id, algorithm, rsa?.ExportParameters(false), out key, out error);
            }

            using var ecdsa = ReadEcdsa(pem);
            return TryCreate(id, algorithm, ecdsa?.ExportParameters(false), out key, out error);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            error = $"public-key: not a PEM public key or certificate for {algorithm}";
            return false;
        }
    }

    /// <summary>A key of a JWKS. False without an error: a good key, but not one for this algorithm.</summary>
    public static bool TryCreate(JwtAlgorithm algorithm, JsonWebKey jwk, [NotNullWhen(true)] out PublicJwtKey? key, out string? error)
    {
        key = null;
        error = null;
        if (jwk.Kty != (algorithm.IsRsa ? "RSA" : "EC")
            || (!string.IsNullOrEmpty(jwk.Alg) && jwk.Alg != algorithm.Name)
            || (!string.IsNullOrEmpty(jwk.Use) && jwk.Use != "sig")
            || (jwk.KeyOps.Count > 0 && !jwk.KeyOps.Contains("verify"))
            || (!algorithm.IsRsa && jwk.Crv != algorithm.Curve))
        {
            return false;
        }

        try
        {
            return algorithm.IsRsa
                ? TryCreate(jwk.Kid ?? "", algorithm, new RSAParameters { Modulus = Decode(jwk.N), Exponent = Decode(jwk.E) }, out key, out error)
                : TryCreate(jwk.Kid ?? "", algorithm, EcPoint(algorithm, jwk), out key, out error);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or FormatException)
        {
            error = $"a key does not hold what {algorithm} needs";
            return false;
        }
    }

    public override bool Verify(byte[] input, byte[] signature) =>
        signature.Length == _signatureBytes && _provider.Verify(input, signature);

    private static bool TryCreate(string id, JwtAlgorithm algorithm, RSAParameters? parameters, [NotNullWhen(true)] out PublicJwtKey? key, [NotNullWhen(false)] out string? error)
    {
        using var rsa = parameters is { } some ? RSA.Create(some) : null;
        error = rsa is null ? $"public-key: {algorithm} needs an RSA key"
            : rsa.KeySize < MinRsaBits ? $"public-key: {algorithm} needs at least {MinRsaBits} bits, this has {rsa.KeySize}"
            : null;
        key = error is null ? new PublicJwtKey(id, algorithm, new RsaSecurityKey(parameters!.Value), (rsa!.KeySize + 7) / 8) : null;
        return key is not null;
    }

    private static bool TryCreate(string id, JwtAlgorithm algorithm, ECParameters? parameters, [NotNullWhen(true)] out PublicJwtKey? key, [NotNullWhen(false)] out string? error)
    {
        using var ecdsa = parameters is { } some ? ECDsa.Create(some) : null;
        error = ecdsa is null || ecdsa.KeySize != algorithm.CurveBits ? $"public-key: {algorithm} needs a key on {algorithm.Curve}" : null;
        key = error is null
            ? new PublicJwtKey(id, algorithm, PublicHalf(algorithm, parameters!.Value.Q), algorithm.SignatureBytes)
            : null;
        return key is not null;
    }

    private static RSA? ReadRsa(string pem)
    {
        if (TryReadCertificate(pem, out var certificate))
        {
            using (certificate)
            {
                return certificate.GetRSAPublicKey();
            }
        }

        var rsa = RSA.Create();
        rsa.ImportFromPem(pem);
        return rsa;
    }

    private static ECDsa? ReadEcdsa(string pem)
    {
        if (TryReadCertificate(pem, out var certificate))
        {
            using (certificate)
            {
                return certificate.GetECDsaPublicKey();
            }
        }

        var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(pem);
        return ecdsa;
    }

    private static bool TryReadCertificate(string pem, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = pem.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal) ? X509Certificate2.CreateFromPem(pem) : null;
        return certificate is not null;
    }

    // An ECDsaSecurityKey would share one key object among all threads; from a JWK the provider makes its own.
    private static JsonWebKey PublicHalf(JwtAlgorithm algorithm, ECPoint point) => new()
    {
        Kty = "EC",
        Crv = algorithm.Curve,
        X = Base64UrlEncoder.Encode(point.X),
        Y = Base64UrlEncoder.Encode(point.Y),
    };

    private static ECParameters EcPoint(JwtAlgorithm algorithm, JsonWebKey jwk) => new()
    {
        Curve = algorithm.CurveBits switch
        {
            256 => ECCurve.NamedCurves.nistP256,
            384 => ECCurve.NamedCurves.nistP384,
            _ => ECCurve.NamedCurves.nistP521,
        },
        Q = new ECPoint { X = Decode(jwk.X), Y = Decode(jwk.Y) },
    };

    private static byte[] Decode(string? base64Url) => Base64UrlEncoder.DecodeBytes(base64Url);
}
