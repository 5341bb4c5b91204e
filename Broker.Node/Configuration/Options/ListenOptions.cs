using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.listen</c>: the public port.</summary>
public sealed record ListenOptions
{
    /// <summary>IP address to listen on.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port, 0-65535; 0 lets the system choose.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>Request paths of WebSockets.</summary>
    public IReadOnlyList<string> Paths { get; init; } = ["/ws"];

    /// <summary>Path of the JavaScript client; empty: it is not served.</summary>
    public string Client { get; init; } = "/broker.js";

    public HttpSessionOptions Sessions { get; init; } = new();

    public TlsOptions Tls { get; init; } = new();

    /// <summary>Whether clients may choose HTTP/2, where <see cref="Tls"/> is on.</summary>
    public bool Http2 { get; init; } = true;

    public ProxyOptions Proxy { get; init; } = new();
}

/// <summary><c>broker.listen.sessions</c>: clients that come without a WebSocket.</summary>
public sealed record HttpSessionOptions
{
    /// <summary>Whether there are streams of events, polls, posts and tickets.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Stands before their paths; empty, or begins with a slash and does not end with one.</summary>
    public string Prefix { get; init; } = "";
}

/// <summary><c>broker.listen.proxy</c>: whose word about a client's address is taken.</summary>
public sealed record ProxyOptions
{
    /// <summary>Addresses and networks (CIDR) of proxies; empty: nobody's word is taken.</summary>
    public IReadOnlyList<string> Trusted { get; init; } = [];

    public ProxyProtocol Protocol { get; init; } = ProxyProtocol.Header;

    /// <summary>Name of the header with the list of addresses, the latest last.</summary>
    public string Header { get; init; } = "X-Forwarded-For";
}

/// <summary>How trusted proxies say who their client is.</summary>
public enum ProxyProtocol
{
    /// <summary>In a header of each request.</summary>
    Header,

    /// <summary>In a PROXY protocol version 2 header before everything else, TLS included.</summary>
    V2,
}

/// <summary>An entry of <c>broker.listen.proxy.trusted</c>.</summary>
internal static class ProxyNetwork
{
    /// <summary>An address, or a network in CIDR notation that is not all addresses there are.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out IPNetwork? network)
    {
        network = IPNetwork.TryParse(text, out var parsed) ? parsed.PrefixLength > 0 ? parsed : null
            : IsWrittenInFull(text) && IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            : null;
        return network is not null;
    }

    /// <summary>The parser of .NET takes "10" and "0x7f.1" for addresses as well.</summary>
    public static bool IsWrittenInFull(ReadOnlySpan<char> address) => address.Contains(':') || address.Count('.') == 3;
}
