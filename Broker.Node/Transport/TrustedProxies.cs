using System.Buffers;
using System.Net;
using Broker.Node.Configuration;
using Broker.Protocol.Http;

namespace Broker.Node.Transport;

/// <summary>Whose word about a client's address is taken, and what it says. Immutable.</summary>
internal sealed class TrustedProxies(ProxyOptions options)
{
    private static readonly SearchValues<char> AddressCharacters = SearchValues.Create("0123456789abcdefABCDEF.:");

    private readonly IPNetwork[] _networks = [.. options.Trusted.Select(static text =>
        ProxyNetwork.TryParse(text, out var network) ? network.Value : throw new ArgumentException($"Not a network: {text}."))];

    /// <summary>The header that is believed, where a header is.</summary>
    public string Header => options.Header;

    public bool SpeaksV2 => options.Protocol == ProxyProtocol.V2;

    public bool Contains(IPAddress address)
    {
        foreach (var network in _networks)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// The client that a request is from: read from the right, the first address that is not a trusted proxy's. What stands
    /// left of it anybody may have written, and what is no address ends the reading at the proxy that passed it on.
    /// </summary>
    /// <param name="lines">Values of the header's lines, in order.</param>
    /// <param name="peer">Who the connection is from.</param>
    public IPAddress ClientOf(IReadOnlyList<string> lines, IPAddress peer)
    {
        if (SpeaksV2 || !Contains(peer))
        {
            return peer;
        }

        var client = peer;
        for (var i = lines.Count - 1; i >= 0; i--)
        {
            var rest = lines[i].AsSpan();
            while (!rest.IsEmpty)
            {
                var comma = rest.LastIndexOf(',');
                var entry = rest[(comma + 1)..].Trim(" \t");
                rest = comma < 0 ? default : rest[..comma];
                if (entry.IsEmpty)
                {
                    continue;
                }

                if (AddressOf(entry) is not { } address)
                {
                    return client;
                }

                client = address;
                if (!Contains(client))
                {
                    return client;
                }
            }
        }

        return client;
    }

    /// <summary>As the other, of a request head.</summary>
    public IPAddress ClientOf(RequestHead head, IPAddress peer) =>
        SpeaksV2 || !Contains(peer)
            ? peer
            : ClientOf([.. head.Headers.Where(line => line.Name.Equals(Header, StringComparison.OrdinalIgnoreCase)).Select(static line => line.Value)], peer);

    /// <summary>An address, also with a port behind it: <c>10.0.0.1:80</c>, <c>[::1]:80</c>.</summary>
    private static IPAddress? AddressOf(ReadOnlySpan<char> entry)
    {
        var bracket = entry.IndexOf(']');
        var text = entry[0] == '[' && bracket > 0 ? entry[1..bracket]
            : entry.Count(':') == 1 ? entry[..entry.IndexOf(':')]
            : entry;
        return text.ContainsAnyExcept(AddressCharacters) || !ProxyNetwork.IsWrittenInFull(text) || !IPAddress.TryParse(text, out var address) ? null
            : address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : address;
    }
}
