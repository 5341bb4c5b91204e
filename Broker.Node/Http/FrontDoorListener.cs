using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Broker.Node.Listening;
using Microsoft.AspNetCore.Connections;

namespace Broker.Node.Http;

/// <summary>One Kestrel server's end of the front door. Thread-safe.</summary>
internal sealed class FrontDoorListener(HttpFrontDoor door, EndPoint endPoint, int maxWaiting) : IConnectionListener
{
    private readonly Channel<Offered> _offered = Channel.CreateBounded<Offered>(maxWaiting);

    public EndPoint EndPoint { get; } = endPoint;

    /// <summary>False when it is full or closed: the connection stays the caller's.</summary>
    public bool TryAdd(AcceptedConnection connection, ReadOnlyMemory<byte> received) => _offered.Writer.TryWrite(new Offered(connection, received));

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _offered.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_offered.Reader.TryRead(out var next))
            {
                if (Connect(next) is { } connection)
                {
                    return connection;
                }
            }
        }

        return null;
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        door.Closed(this);
        _offered.Writer.TryComplete();
        while (_offered.Reader.TryRead(out var waiting))
        {
            waiting.Connection.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private FrontDoorConnection? Connect(Offered offered)
    {
        try
        {
            return door.Connect(offered.Connection, offered.Received);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed while it waited. Kestrel would stop accepting for good if this left AcceptAsync.
            offered.Connection.Dispose();
            return null;
        }
    }

    private readonly record struct Offered(AcceptedConnection Connection, ReadOnlyMemory<byte> Received);
}
