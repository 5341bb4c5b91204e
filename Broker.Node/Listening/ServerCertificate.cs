using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Listening;

/// <summary>The files of the public port's certificate: PEM certificate and key, or one PKCS #12. Thread-safe.</summary>
internal sealed class ServerCertificate(TlsOptions options)
{
    /// <summary>What the files hold now, as one value to compare.</summary>
    /// <exception cref="IOException">A file cannot be read; so does <see cref="UnauthorizedAccessException"/>.</exception>
    public byte[][] Read() =>
        options.IsPkcs12 || options.Key.Length == 0
            ? [File.ReadAllBytes(options.Certificate)]
            : [File.ReadAllBytes(options.Certificate), File.ReadAllBytes(options.Key)];

    /// <summary>Makes of what <see cref="Read"/> gave what a handshake needs.</summary>
    /// <exception cref="CryptographicException">No certificate, no key, one that does not fit, or a wrong password; so does <see cref="ArgumentException"/>.</exception>
    public SslStreamCertificateContext Create(byte[][] files)
    {
        X509Certificate2Collection chain = [];
        X509Certificate2 leaf;
        if (options.IsPkcs12)
        {
            chain = X509CertificateLoader.LoadPkcs12Collection(files[0], options.Password);
            leaf = chain.FirstOrDefault(static certificate => certificate.HasPrivateKey) ?? throw new CryptographicException("no certificate in it has a private key");
        }
        else
        {
            var certificate = Encoding.UTF8.GetString(files[0]);
            leaf = X509Certificate2.CreateFromPem(certificate, Encoding.UTF8.GetString(files[^1]));
            chain.ImportFromPem(certificate);

            // SChannel cannot use a key that lives in memory only.
            if (OperatingSystem.IsWindows())
            {
                leaf = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
            }
        }

        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }

    public static bool AreSame(byte[][] a, byte[][] b) =>
        a.Length == b.Length && a.Zip(b).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <summary>What a certificate that cannot be used makes <see cref="Read"/> and <see cref="Create"/> throw.</summary>
    public static bool IsUnusable(Exception e) => e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException;

    public override string ToString() =>
        options.IsPkcs12 || options.Key.Length == 0 ? $"'{options.Certificate}'" : $"'{options.Certificate}' with key '{options.Key}'";
}
