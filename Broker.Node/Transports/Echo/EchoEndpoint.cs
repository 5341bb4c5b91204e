using System.Collections.Concurrent;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Session;
using Broker.Protocol.Wire;

namespace Broker.Node.Transports.Echo;

/// <summary>
/// The connections of the echo endpoint: the stages of every connection, without an actor behind them. Each message goes back
/// as it came; the next is not read before that has been written or copied. Thread-safe.
/// </summary>
internal sealed class EchoEndpoint : IEndpoint
{
    /// <summary>Only sizes are bounded: suites send what no client of the broker may.</summary>
    public WebSocketLimits Limits { get; } = new()
    {
        Message = 64 * 1024 * 1024,
        Fragments = int.MaxValue,
        ControlFrames = 0,
    };

    private readonly ConcurrentDictionary<long, ClientConnection> _connections = new();
    private bool _closing;

    public IReply Open(ClientConnection connection) => new EchoReply(connection);

    /// <summary>A connection whose upgrade has been accepted.</summary>
    public void Add(ClientConnection connection)
    {
        _connections[connection.Id] = connection;
        connection.Transport.OnEnded(() => _connections.TryRemove(connection.Id, out _));
        if (connection.Request!.OriginRefused)
        {
            connection.Close(DisconnectReasons.OriginNotAllowed, TimeSpan.Zero);
        }
        else if (Volatile.Read(ref _closing))
        {
            connection.Close(DisconnectReasons.Restart, TimeSpan.Zero);
        }
    }

    /// <summary>Closes every connection with 1012, and every later one at once; completes when they are gone.</summary>
    public Task CloseAsync()
    {
        Volatile.Write(ref _closing, true);
        Interlocked.MemoryBarrier();
        var connections = _connections.Values;
        foreach (var connection in connections)
        {
            connection.Close(DisconnectReasons.Restart, TimeSpan.Zero);
        }

        return Task.WhenAll(connections.Select(static connection => connection.Transport.WhenEnded()));
    }
}
