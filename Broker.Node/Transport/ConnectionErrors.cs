using System.Net.Sockets;

namespace Broker.Node.Transport;

internal static class ConnectionErrors
{
    /// <summary>Whether this is how a socket or stream tells that it is broken, or was disposed under its user.</summary>
    public static bool Contains(Exception e) =>
        e is SocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException;
}
