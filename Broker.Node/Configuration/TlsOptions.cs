namespace Broker.Node.Configuration;

/// <summary>A PEM certificate and key; used by <c>broker.listen.tls</c> and <c>broker.cluster.tls</c>.</summary>
public sealed record TlsOptions
{
    public bool Enabled { get; init; }

    /// <summary>Path of the PEM certificate (chain, leaf first).</summary>
    public string Certificate { get; init; } = "";

    /// <summary>Path of the PEM private key.</summary>
    public string Key { get; init; } = "";

    /// <summary>Path of the PEM root(s) that peers must chain to; cluster only.</summary>
    public string Authority { get; init; } = "";

    /// <summary>Common name or DNS name a peer's certificate must carry, <c>*</c> for one label; cluster only.</summary>
    public string PeerName { get; init; } = "";
}
