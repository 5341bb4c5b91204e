namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.listen.proxy</c>: whose word about a client's address is taken.</summary>
public sealed record ProxyOptions
{
    /// <summary>Addresses and networks (CIDR) of proxies; empty: nobody's word is taken.</summary>
    public IReadOnlyList<string> Trusted { get; init; } = [];

    public ProxyProtocol Protocol { get; init; } = ProxyProtocol.Header;

    /// <summary>Name of the header with the list of addresses, the latest last.</summary>
    public string Header { get; init; } = "X-Forwarded-For";
}
