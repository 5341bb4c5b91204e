using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Broker.Tests.Configuration;

/// <summary>A root of its own and certificates under it.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _root;

    public TestCertificates(string name = "Test Root")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(2));
    }

    public string RootPem => _root.ExportCertificatePem();

    public X509Certificate2Collection Root => [_root];

    /// <summary>A certificate with its key.</summary>
    /// <param name="subject">Distinguished name.</param>
    /// <param name="dnsName">Its only DNS name; null: none.</param>
    /// <param name="days">Days from now until it ends; negative: it has ended.</param>
    /// <param name="purposes">OIDs it is for; none: any.</param>
    public X509Certificate2 Issue(string subject = "CN=node", string? dnsName = "node-1.broker.test", int days = 1, params string[] purposes)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        if (dnsName is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(dnsName);
            request.CertificateExtensions.Add(names.Build());
        }

        if (purposes.Length > 0)
        {
            var oids = new OidCollection();
            foreach (var purpose in purposes)
            {
                oids.Add(new Oid(purpose));
            }

            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(oids, false));
        }

        using var certificate = request.Create(_root, DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>Writes a certificate, its key and this root, and returns a configuration that uses them.</summary>
    public string Configure(TemporaryDirectory directory, X509Certificate2 certificate, string peerName = "*.broker.test")
    {
        var name = certificate.Thumbprint;
        var file = directory.Write(name + ".crt", certificate.ExportCertificatePem());
        var key = directory.Write(name + ".key", certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var authority = directory.Write(name + ".ca", RootPem);
        return $$"""
            broker.cluster.tls { enabled = on, certificate = "{{file}}", key = "{{key}}", authority = "{{authority}}", peer-name = "{{peerName}}" }

            """;
    }

    public void Dispose() => _root.Dispose();
}
