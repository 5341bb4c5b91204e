using System.Net;
using System.Net.Sockets;

namespace Broker.Bench.EndToEnd;

/// <summary>
/// Ports for servers, below those the system gives to the load generator's own ends, and each a new one, so that connections
/// still in TIME_WAIT are never in the way.
/// </summary>
internal sealed class PortRange
{
    private const int First = 21000;
    private const int Count = 9000;

    private int _next = Environment.ProcessId * 97 % Count;

    public int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (_next++ % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new BenchException($"No free port from {First} to {First + Count - 1}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
