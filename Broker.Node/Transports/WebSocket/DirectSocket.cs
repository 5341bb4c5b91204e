using System.Net.Sockets;
using Broker.Node.Delivery;

namespace Broker.Node.Transports.WebSocket;

/// <summary>Non-blocking sends on a connected socket.</summary>
internal sealed class DirectSocket(Socket socket) : IDirectTransport
{
    public int TrySend(EgressChunk chunk)
    {
        try
        {
            var sent = socket.Send(chunk.Span, SocketFlags.None, out var error);
            return error switch
            {
                SocketError.Success => sent,
                SocketError.WouldBlock => 0,
                _ => -1,
            };
        }
        catch (ObjectDisposedException)
        {
            // The handshake time-out disposes a socket under its owner.
            return -1;
        }
    }
}
