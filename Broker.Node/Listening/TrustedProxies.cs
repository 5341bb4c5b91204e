using System.Buffers;
using System.Globalization;
using System.Net;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Http;

namespace Broker.Node.Listening;

/// <summary>Whose word about a client's address is taken, and what it says. Immutable.</summary>
internal sealed class TrustedProxies(ProxyOptions options)
{
    private static readonly SearchValues<char> AddressCharacters = SearchValues.Create("0123456789abcdefABCDEF.:");

    private readonly IPNetwork[] _networks = [.. options.Trusted.Select(static text =>
        ProxyNetwork.TryParse(text, out var network) ? network.Value : throw new ArgumentException($"Not a network: {text}."))];

    /// <summary>The header that is believed, where a header is.</summary>
    public string Header => options.Header;

    public bool SpeaksV2 => options.Protocol == ProxyProtocol.V2;

    /// <summary>Whether a connection from this address begins with a PROXY header.</summary>
    public bool SendsHeader(IPAddress peer) => SpeaksV2 && Contains(peer);

    /// <summary>
    /// The host that the client asked for: what a trusted proxy says that it was (<c>X-Forwarded-Host</c>), else what it passed on.
    /// </summary>
    /// <param name="lines">Values of the header's lines, in order; of more than one host the last proxy's word is the last.</param>
    /// <param name="peer">Who the connection is from.</param>
    /// <param name="host">The request's <c>Host</c>.</param>
    /// <param name="isForwarded">A trusted proxy has said so.</param>
    public string HostOf(IEnumerable<string> lines, IPAddress peer, string host, out bool isForwarded)
    {
        var said = SpeaksV2 || !Contains(peer) ? null : lines.LastOrDefault()?.Split(',')[^1].Trim(' ', '\t');
        isForwarded = !string.IsNullOrEmpty(said);
        return isForwarded ? said! : host;
    }

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
    public IPAddress ClientOf(IReadOnlyList<string> lines, IPAddress peer) => ClientOf(lines, peer, out _);

    private IPAddress ClientOf(IReadOnlyList<string> lines, IPAddress peer, out bool isUnreadable)
    {
        isUnreadable = false;
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
                    isUnreadable = true;
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
    /// <param name="head">The request.</param>
    /// <param name="peer">Who the connection is from.</param>
    /// <param name="isUnreadable">
    /// A trusted proxy says who the client is in a form that cannot be read: then its clients have no address, and share neither
    /// limits nor punishment.
    /// </param>
    public IPAddress ClientOf(RequestHead head, IPAddress peer, out bool isUnreadable)
    {
        isUnreadable = false;
        return SpeaksV2 || !Contains(peer)
            ? peer
            : ClientOf([.. head.Headers.Where(line => line.Name.Equals(Header, StringComparison.OrdinalIgnoreCase)).Select(static line => line.Value)], peer, out isUnreadable);
    }

    /// <summary>
    /// An address, also in brackets or quotes, and with a port behind it: <c>10.0.0.1:80</c>, <c>[::1]:80</c>,
    /// <c>::ffff:10.0.0.1:80</c>. What is an IPv6 address as it stands is one, and its last group no port.
    /// </summary>
    private static IPAddress? AddressOf(ReadOnlySpan<char> entry)
    {
        entry = entry.Trim('"');
        var bracket = entry.IndexOf(']');
        if (entry is ['[', ..] && bracket > 0)
        {
            return Parse(entry[1..bracket]);
        }

        var port = entry.LastIndexOf(':');
        return Parse(entry) ?? (port > 0 && ushort.TryParse(entry[(port + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _) ? Parse(entry[..port]) : null);
    }

    private static IPAddress? Parse(ReadOnlySpan<char> text) =>
        text.ContainsAnyExcept(AddressCharacters) || !ProxyNetwork.IsWrittenInFull(text) || !IPAddress.TryParse(text, out var address) ? null
            : address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : address;
}
