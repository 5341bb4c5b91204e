using System.Net;
using System.Net.Sockets;

namespace Broker.Node.Listening;

internal static class ListeningSocket
{
    /// <summary>Connections that the kernel keeps while nobody accepts.</summary>
    private const int Backlog = 4096;

    private const int SendBuffer = 256 * 1024;

    /// <summary>An <see cref="IOException"/> names the address and says why it cannot be had. <c>::</c> takes IPv4 clients too.</summary>
    public static Socket Open(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = endPoint.Address.Equals(IPAddress.IPv6Any);
            }

            // Accepted sockets inherit both: two system calls a connection less.
            socket.NoDelay = true;
            socket.SendBufferSize = SendBuffer;
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"cannot listen on {endPoint}: {Explain(e)}", e);
        }
    }

    /// <summary>For people.</summary>
    public static string Explain(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "address already in use",
        SocketError.AddressNotAvailable => "this machine does not have that address",
        SocketError.AccessDenied => "not allowed to use that port",
        _ => e.Message,
    };
}
