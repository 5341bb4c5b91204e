using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>
/// Mutual TLS of remoting from PEM files: both sides of every association present a certificate and check the other's
/// (<see cref="PeerCertificateCheck"/>). Akka 1.5 speaks TLS 1.2 at most and does not load certificates again: they change by a rolling restart.
/// </summary>
internal static class ClusterTls
{
    /// <summary>Loads the files and checks our own certificate as a peer would.</summary>
    /// <param name="tls">Paths and the name.</param>
    /// <param name="time">Clock for the validity of certificates.</param>
    /// <param name="error">One line when null is returned.</param>
    public static DotNettySslSetup? TryLoad(TlsOptions tls, TimeProvider time, out string? error)
    {
        try
        {
            var certificate = Load(tls);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(tls.Certificate);
            var authority = new X509Certificate2Collection();
            authority.ImportFromPemFile(tls.Authority);
            if (authority.Count == 0)
            {
                error = $"broker.cluster.tls.authority: {tls.Authority}: no certificate in the file";
                return null;
            }

            var check = new PeerCertificateCheck(authority, chain, tls.PeerName, time);
            error = check.Refuse(certificate) is { } refused ? $"broker.cluster.tls.certificate: peers would refuse it: {refused}" : null;
            return error is null ? Create(certificate, check) : null;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            error = HoconError.OneLine($"broker.cluster.tls: {e.Message}");
            return null;
        }
    }

    private static X509Certificate2 Load(TlsOptions tls)
    {
        var certificate = X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key);
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        // SChannel takes no key that lives in memory only.
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static DotNettySslSetup Create(X509Certificate2 certificate, PeerCertificateCheck check)
    {
        CertificateValidationCallback validate = (peer, chain, address, _, log) =>
        {
            // The verdict of SslStream is for the machine's trusted roots and is of no use here.
            if (check.Refuse(peer, chain?.ChainPolicy.ExtraStore) is not { } reason)
            {
                return true;
            }

            log?.Warning("Refused a cluster connection with {0}: {1}", address, reason);
            return false;
        };
        return new DotNettySslSetup(certificate, suppressValidation: false, requireMutualAuthentication: true, validate);
    }
}
