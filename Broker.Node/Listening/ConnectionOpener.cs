using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Broker.Node.Diagnostics;

namespace Broker.Node.Listening;

/// <summary>
/// Brings an admitted socket to its first byte of HTTP: the PROXY header of a trusted proxy, then TLS. Ending it early is
/// closing the socket, which <see cref="Admission"/> does when it takes too long. Thread-safe.
/// </summary>
internal sealed class ConnectionOpener(ListenerStage stage)
{
    /// <summary>Whether a connection from this address is open as it is.</summary>
    public bool IsOpen(IPAddress peer) => stage.Tls is null && !stage.Proxies.SendsHeader(peer);

    /// <summary>Takes ownership of socket and lease. Does not throw: what fails here costs this connection alone.</summary>
    public async Task<ListenerArrival> OpenAsync(Socket socket, IPEndPoint peer, AdmissionLease lease)
    {
        IDisposable? place = null;
        try
        {
            var remote = peer;
            if (stage.Proxies.SendsHeader(peer.Address))
            {
                var (known, source) = await ReadProxyHeaderAsync(socket);
                if (!known)
                {
                    return Failed(socket, lease, remote, HandshakeRefusal.Proxy, "no PROXY header");
                }

                if (source is not null)
                {
                    remote = source;
                    place = stage.Admission.TryClaim(source.Address);
                    if (place is null)
                    {
                        return Refused(socket, lease, remote);
                    }
                }
            }

            if (stage.Tls is not { } tls)
            {
                return new ListenerArrival.Opened(new AcceptedConnection(socket, null, remote, tls: false, lease) { Place = place });
            }

            var local = LocalOf(socket);
            var (stream, failure) = await tls.AuthenticateAsync(socket);
            if (stream is not null)
            {
                return new ListenerArrival.Opened(new AcceptedConnection(null, stream, remote, tls: true, lease) { Local = local, Place = place, Bottom = socket });
            }

            place?.Dispose();
            return Failed(socket, lease, remote, HandshakeRefusal.Tls, failure!);
        }
        catch (Exception e)
        {
            // A fault of this side.
            place?.Dispose();
            socket.Dispose();
            lease.Dispose();
            return new ListenerArrival.HandshakeFailed(e);
        }
    }

    private ListenerArrival.HandshakeFailed Failed(Socket socket, AdmissionLease lease, IPEndPoint remote, HandshakeRefusal refusal, string why)
    {
        if (lease.HandshakeDone())
        {
            stage.Metrics.HandshakeRefused(refusal);
            stage.ConnectionLog.Refused(remote.Address, refusal, why);
        }

        socket.Dispose();
        lease.Dispose();
        return new ListenerArrival.HandshakeFailed();
    }

    private ListenerArrival.HandshakeFailed Refused(Socket socket, AdmissionLease lease, IPEndPoint remote)
    {
        stage.Metrics.ConnectionRefused(AdmissionRefusal.Address);
        lease.HandshakeDone();
        stage.Refuse(new AcceptedConnection(socket, null, remote, tls: false, lease), AdmissionRefusal.Address);
        return new ListenerArrival.HandshakeFailed();
    }

    /// <summary>Reads no byte beyond the header: what follows is TLS's or HTTP's.</summary>
    private static async Task<(bool Known, IPEndPoint? Source)> ReadProxyHeaderAsync(Socket socket)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ProxyHeader.PrefixLength + ProxyHeader.MaxLength);
        try
        {
            var prefix = buffer.AsMemory(0, ProxyHeader.PrefixLength);
            if (!await FillAsync(socket, prefix) || !ProxyHeader.TryReadPrefix(prefix.Span, out var length))
            {
                return (false, null);
            }

            var rest = buffer.AsMemory(ProxyHeader.PrefixLength, length);
            return await FillAsync(socket, rest) && ProxyHeader.TryRead(prefix.Span, rest.Span, out var source) ? (true, source) : (false, null);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Gone, or it took too long.
            return (false, null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var count = await socket.ReceiveAsync(buffer, SocketFlags.None);
            if (count == 0)
            {
                return false;
            }

            buffer = buffer[count..];
        }

        return true;
    }

    private static IPEndPoint? LocalOf(Socket socket)
    {
        try
        {
            return socket.LocalEndPoint as IPEndPoint;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The handshake has been ended already; authenticating finds the same.
            return null;
        }
    }
}
