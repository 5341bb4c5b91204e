using System.Net;
using System.Net.Sockets;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Http;

namespace Broker.Node.Listening;

/// <summary>
/// Notices a proxy that nobody has declared: many requests of one private address that carry the header, whose clients then count
/// as one address; and one that is declared and says who its clients are in a form that nobody can read. Says each once. Thread-safe.
/// </summary>
internal sealed partial class UntrustedForwarders(ProxyOptions options, ILogger<UntrustedForwarders> logger)
{
    /// <summary>Requests of one address until it is worth a warning.</summary>
    public const int Many = 20;

    private const int Remembered = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _requests = [];
    private bool _told;
    private int _unreadable;

    /// <summary>A request came from a peer whose word is not taken.</summary>
    public void Saw(RequestHead head, IPAddress peer)
    {
        if (Volatile.Read(ref _told) || options.Protocol != ProxyProtocol.Header || !IsPrivate(peer) || head.Count(options.Header) == 0)
        {
            return;
        }

        lock (_gate)
        {
            var known = _requests.TryGetValue(peer, out var count);
            if (_told || (!known && _requests.Count >= Remembered))
            {
                return;
            }

            _requests[peer] = ++count;
            if (count < Many)
            {
                return;
            }

            _told = true;
            _requests.Clear();
        }

        Forwards(peer, options.Header);
    }

    /// <summary>A trusted proxy's header could not be read.</summary>
    public void Unreadable(IPAddress peer)
    {
        if (Interlocked.Exchange(ref _unreadable, 1) == 0)
        {
            CannotBeRead(peer, options.Header);
        }
    }

    /// <summary>RFC 1918, RFC 4193, RFC 6598, loopback and link-local: where proxies live.</summary>
    internal static bool IsPrivate(IPAddress address)
    {
        if (IPAddress.IsLoopback(address) || address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal)
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[16];
        return address.AddressFamily == AddressFamily.InterNetwork && address.TryWriteBytes(bytes, out _)
            && (bytes[0] == 10
                || (bytes[0] == 172 && bytes[1] is >= 16 and < 32)
                || (bytes[0] == 192 && bytes[1] == 168)
                || (bytes[0] == 169 && bytes[1] == 254)
                || (bytes[0] == 100 && bytes[1] is >= 64 and < 128));
    }

    [LoggerMessage(1107, LogLevel.Warning, "{Header} of the trusted proxy {Peer} could not be read: its clients have no address, and no limits per address; it must end in the client's address, with or without a port")]
    private partial void CannotBeRead(IPAddress peer, string header);

    [LoggerMessage(1101, LogLevel.Warning, "Many requests of {Peer} carry {Header}, which is not believed: if that is your proxy, name it in broker.listen.proxy.trusted, or all its clients share the limits of one address")]
    private partial void Forwards(IPAddress peer, string header);
}
