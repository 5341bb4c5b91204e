using System.Net;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Broker.Node.Http;

/// <summary>
/// Feeds Kestrel with connections that somebody else accepted. Those that come before Kestrel listens, after it stopped, or
/// while <paramref name="maxWaiting"/> are waiting for it are answered 503. Thread-safe.
/// </summary>
internal sealed class HttpFrontDoor(LingeringClose refusals, BrokerMetrics metrics, ConnectionLog log, HttpLimits limits, ILoggerFactory logging, int maxWaiting = HttpFrontDoor.MaxWaiting)
    : IHttpFrontDoor, IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    /// <summary>Kestrel takes connections in a loop that does nothing else; more than this means that it has stopped.</summary>
    public const int MaxWaiting = 1024;

    private readonly SocketConnectionContextFactory _sockets =
        new(new SocketConnectionFactoryOptions(), logging.CreateLogger<SocketConnectionContextFactory>());

    private FrontDoorListener? _listener;

    public bool CanBind(EndPoint endpoint) => endpoint is FrontDoorEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = new FrontDoorListener(this, endpoint, maxWaiting);
        if (Interlocked.CompareExchange(ref _listener, listener, null) is not null)
        {
            throw new AddressInUseException($"{endpoint} is in use by another server");
        }

        return ValueTask.FromResult<IConnectionListener>(listener);
    }

    public void Offer(AcceptedConnection connection, ReadOnlyMemory<byte> received)
    {
        if (!connection.IsHttp2)
        {
            // From here on Kestrel's own time-outs hold. Of HTTP/2 nobody has read a request yet.
            connection.Lease?.HandshakeDone();
        }

        if (Volatile.Read(ref _listener)?.TryAdd(connection, received) != true)
        {
            metrics.ConnectionRefused(AdmissionRefusal.Unavailable);
            log.Refused(connection.Remote.Address, AdmissionRefusal.Unavailable);
            if (connection.IsHttp2)
            {
                connection.Dispose();
            }
            else
            {
                refusals.Close(connection, RefusalResponse.Unavailable);
            }
        }
    }

    public void Dispose() => _sockets.Dispose();

    internal FrontDoorConnection Connect(AcceptedConnection connection, ReadOnlyMemory<byte> received)
    {
        ConnectionContext inner;
        if (connection.Socket is null)
        {
            inner = new StreamConnection(connection, received);
        }
        else
        {
            inner = _sockets.Create(connection.Socket);
            inner.RemoteEndPoint = connection.Remote;
            if (!received.IsEmpty)
            {
                inner.Transport = new DuplexPipe(new PrefixedPipeReader(received, inner.Transport.Input), inner.Transport.Output);
            }
        }

        // What is taken back later has to find its connection again.
        inner.Features.Set(connection);
        if (!connection.IsHttp2)
        {
            var guard = new RequestGuard(inner.Transport.Input, limits);
            inner.Features.Set(guard);
            inner.Transport = new DuplexPipe(guard, inner.Transport.Output);
        }

        return new FrontDoorConnection(inner, connection);
    }

    internal void Closed(FrontDoorListener listener) => Interlocked.CompareExchange(ref _listener, null, listener);
}
