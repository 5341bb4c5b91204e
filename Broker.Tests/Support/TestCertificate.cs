using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Node.Configuration.Options;

namespace Broker.Tests.Support;

/// <summary>A root, an intermediate and leaves for localhost; PEM files, the chain file with leaf and intermediate, and PKCS #12.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly ECDsa _middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _middle;

    public TestCertificate()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = DateTimeOffset.UtcNow;
        Root = Authority("CN=Test Root", rootKey).CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var middle = Authority("CN=Test Intermediate", _middleKey).Create(Root, now.AddDays(-1), now.AddDays(1.5), [1]);
        _middle = middle.CopyWithPrivateKey(_middleKey);
        Options = WritePem(serial: 2);
    }

    /// <summary>Where the files are.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("broker-tls-").FullName;

    public X509Certificate2 Root { get; }

    public TlsOptions Options { get; }

    /// <summary>Has a node listen with it.</summary>
    public string Configuration => $$"""
        broker.listen.tls { enabled = on
          certificate = "{{Options.Certificate}}"
          key = "{{Options.Key}}" }

        """;

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

    /// <summary>Writes a new leaf with its chain, and its key, into a folder below <see cref="Folder"/>.</summary>
    public TlsOptions WritePem(byte serial, string folder = "")
    {
        var directory = Directory.CreateDirectory(Path.Combine(Folder, folder)).FullName;
        var options = new TlsOptions { Enabled = true, Certificate = Path.Combine(directory, "chain.pem"), Key = Path.Combine(directory, "key.pem") };
        using var leaf = Issue(serial);
        File.WriteAllText(options.Certificate, leaf.ExportCertificatePem() + "\n" + _middle.ExportCertificatePem() + "\n");
        using var key = leaf.GetECDsaPrivateKey()!;
        File.WriteAllText(options.Key, key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(options.Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return options;
    }

    /// <summary>Writes a new leaf with chain and key as PKCS #12.</summary>
    public TlsOptions WritePkcs12(byte serial, string password)
    {
        var options = new TlsOptions { Enabled = true, Certificate = Path.Combine(Folder, "server.pfx"), Password = password };
        using var leaf = Issue(serial);
        using var middle = X509CertificateLoader.LoadCertificate(_middle.RawData);
        File.WriteAllBytes(options.Certificate, new X509Certificate2Collection { leaf, middle }.Export(X509ContentType.Pkcs12, password)!);
        return options;
    }

    public void Dispose()
    {
        Root.Dispose();
        _middle.Dispose();
        _middleKey.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private X509Certificate2 Issue(byte serial)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(_middle, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [serial]);
        return leaf.CopyWithPrivateKey(key);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }
}
