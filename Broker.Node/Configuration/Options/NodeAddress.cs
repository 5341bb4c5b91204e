using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Broker.Node.Configuration.Options;

/// <summary>A node's remoting address, <c>host:port</c>; an IPv6 host stands in brackets.</summary>
internal readonly record struct NodeAddress(string Host, int Port)
{
    public override string ToString() => $"{Bracketed(Host)}:{Port}";

    public static NodeAddress? TryParse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return null;
        }

        var host = text[..colon];
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        host = bracketed ? host[1..^1] : host;
        return IsHost(host) && bracketed == host.Contains(':', StringComparison.Ordinal) ? new NodeAddress(host, port) : null;
    }

    /// <summary>An IP address that is not a wildcard, or a DNS name.</summary>
    public static bool IsHost(string text) => IPAddress.TryParse(text, out var address)
        ? !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)
        : Uri.CheckHostName(text) == UriHostNameType.Dns;

    /// <summary>Whether only this machine can reach the host; a name other than localhost counts as reachable.</summary>
    public static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>A host as it stands in an address with a port.</summary>
    public static string Bracketed(string host) =>
        IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : host;
}
