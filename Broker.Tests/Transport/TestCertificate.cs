using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Node.Configuration;

namespace Broker.Tests.Transport;

/// <summary>A root, an intermediate and a leaf for localhost as PEM files; the chain file holds leaf and intermediate.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("broker-tls-").FullName;

    public TestCertificate()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = DateTimeOffset.UtcNow;
        var rootRequest = Authority("CN=Test Root", rootKey);
        Root = rootRequest.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var middle = Authority("CN=Test Intermediate", middleKey).Create(Root, now.AddDays(-1), now.AddDays(1.5), [1]).CopyWithPrivateKey(middleKey);

        var leafRequest = new CertificateRequest("CN=localhost", leafKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        leafRequest.CertificateExtensions.Add(names.Build());
        using var leaf = leafRequest.Create(middle, now.AddDays(-1), now.AddDays(1), [2]);

        var certificate = Path.Combine(_folder, "chain.pem");
        var key = Path.Combine(_folder, "key.pem");
        File.WriteAllText(certificate, leaf.ExportCertificatePem() + "\n" + middle.ExportCertificatePem() + "\n");
        File.WriteAllText(key, leafKey.ExportPkcs8PrivateKeyPem());
        Options = new TlsOptions { Enabled = true, Certificate = certificate, Key = key };
    }

    public X509Certificate2 Root { get; }

    public TlsOptions Options { get; }

    /// <summary>Trusts the root alone: the intermediate has to come from the server.</summary>
    public X509ChainPolicy Policy
    {
        get
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            policy.CustomTrustStore.Add(Root);
            return policy;
        }
    }

    public void Dispose()
    {
        Root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}
