using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Broker.Tests.Support;

/// <summary>What the other end of a connection, on this machine too, has read: its kernel says so (proc(5), <c>/proc/net/tcp</c>).</summary>
internal static class PeerRead
{
    /// <summary>Completes when the other end has read all that was sent to it.</summary>
    public static Task AllAsync(Socket client) => Eventually.IsTrueAsync(() => Unread(client) == 0, "all read at the other end");

    private static int? Unread(Socket client)
    {
        var (here, there) = (Port(client.LocalEndPoint), Port(client.RemoteEndPoint));
        foreach (var line in File.ReadLines("/proc/net/tcp").Concat(File.ReadLines("/proc/net/tcp6")))
        {
            // sl local_address rem_address st tx_queue:rx_queue …
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[1].EndsWith(there, StringComparison.Ordinal) && fields[2].EndsWith(here, StringComparison.Ordinal))
            {
                return int.Parse(fields[4].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
        }

        return null;
    }

    private static string Port(EndPoint? end) => string.Create(CultureInfo.InvariantCulture, $":{((IPEndPoint)end!).Port:X4}");
}
