namespace Broker.Node.Configuration.Options;

/// <summary>How trusted proxies say who their client is.</summary>
public enum ProxyProtocol
{
    /// <summary>In a header of each request.</summary>
    Header,

    /// <summary>In a PROXY protocol version 2 header before everything else, TLS included.</summary>
    V2,
}
