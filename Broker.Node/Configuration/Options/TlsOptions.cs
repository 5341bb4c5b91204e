namespace Broker.Node.Configuration.Options;

/// <summary>A certificate and its key; used by <c>broker.listen.tls</c> and <c>broker.cluster.tls</c>.</summary>
public sealed record TlsOptions
{
    public bool Enabled { get; init; }

    /// <summary>Path of the certificate: PEM (chain, leaf first), or PKCS #12 where it ends in .pfx or .p12; the cluster's is PEM.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>Path of the PEM private key; empty beside a PKCS #12.</summary>
    public string Key { get; init; } = "";

    /// <summary>Of a PKCS #12; public port only.</summary>
    public string Password { get; init; } = "";

    /// <summary>Path of the PEM root(s) that peers must chain to; cluster only.</summary>
    public string Authority { get; init; } = "";

    /// <summary>Common name or DNS name a peer's certificate must carry, <c>*</c> for one label; cluster only.</summary>
    public string PeerName { get; init; } = "";

    internal bool IsPkcs12 =>
        Certificate.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase) || Certificate.EndsWith(".p12", StringComparison.OrdinalIgnoreCase);
}
