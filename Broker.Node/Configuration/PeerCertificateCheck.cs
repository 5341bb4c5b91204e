using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Broker.Node.Configuration;

/// <summary>
/// Whether a certificate belongs to a node of this cluster: it chains to our authority, which alone is trusted, is valid now, may serve
/// and call (where it says what it is for), and carries the peer name. Revocation is not checked: a node is shut out by a new authority. Thread-safe.
/// </summary>
internal sealed class PeerCertificateCheck(X509Certificate2Collection authority, X509Certificate2Collection intermediates, string peerName, TimeProvider time)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");
    private const string CommonName = "2.5.4.3";

    /// <summary>Why a certificate is refused; null when it is not.</summary>
    /// <param name="certificate">The peer's; null when it sent none.</param>
    /// <param name="sent">Further certificates the peer sent.</param>
    public string? Refuse(X509Certificate2? certificate, X509Certificate2Collection? sent = null)
    {
        if (certificate is null)
        {
            return "no certificate";
        }

        try
        {
            return RefuseChain(certificate, sent) ?? RefuseName(certificate);
        }
        catch (CryptographicException e)
        {
            return $"unreadable certificate: {e.Message}";
        }
    }

    /// <summary>Whether a DNS name is the one asked for; <c>*</c> stands for one label.</summary>
    public static bool Matches(string name, string pattern)
    {
        var labels = name.Split('.');
        var wanted = pattern.Split('.');
        return labels.Length == wanted.Length
            && labels.Zip(wanted).All(pair => pair.First.Length > 0 && (pair.Second == "*" || string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase)));
    }

    private string? RefuseChain(X509Certificate2 certificate, X509Certificate2Collection? sent)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authority);
        policy.ExtraStore.AddRange(intermediates);
        policy.ExtraStore.AddRange(sent ?? []);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = time.GetUtcNow().LocalDateTime;
        policy.ApplicationPolicy.Add(ServerAuthentication);
        policy.ApplicationPolicy.Add(ClientAuthentication);
        var trusted = chain.Build(certificate);
        var faults = string.Join(", ", chain.ChainStatus.Select(status => status.Status.ToString()).Distinct());
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return trusted ? null : $"certificate {certificate.Subject} is not trusted: {faults}";
    }

    private string? RefuseName(X509Certificate2 certificate)
    {
        // RFC 6125 section 6.4.4: the common name counts only when there are no DNS names.
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames()).ToList();
        if (names.Count == 0)
        {
            names.AddRange(certificate.SubjectName.EnumerateRelativeDistinguishedNames()
                .Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
                .Select(part => part.GetSingleElementValue() ?? ""));
        }

        return names.Exists(name => Matches(name, peerName)) ? null : $"certificate {certificate.Subject} does not carry the name {peerName}";
    }
}
