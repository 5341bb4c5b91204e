using System.Net.Sockets;
using System.Threading.Channels;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Broker.Tests.Support;

namespace Broker.Tests.Http;

/// <summary>
/// Stands for the connection graph: reads until the end of the request head (or <paramref name="readAtLeast"/> bytes) and
/// offers everything to the front door; keeps upgraded connections for the test.
/// </summary>
internal sealed class FakePipeline(int? readAtLeast = null) : IConnectionPipeline
{
    private readonly Channel<AcceptedConnection> _upgraded = Channel.CreateUnbounded<AcceptedConnection>();

    public IHttpFrontDoor? Door { get; set; }

    /// <summary>Connections offered so far, each with the number of bytes that had been read from it.</summary>
    public Channel<int> Offered { get; } = Channel.CreateUnbounded<int>();

    public void Start(AcceptedConnection connection)
    {
        if (connection.IsHttp2)
        {
            Door!.Offer(connection, default);
        }
        else if (connection.Upgraded is null)
        {
            _ = OfferAsync(connection);
        }
        else
        {
            _upgraded.Writer.TryWrite(connection);
        }
    }

    public async Task<AcceptedConnection> NextUpgradedAsync() => await _upgraded.Reader.ReadAsync(Deadline.Cancel);

    private async Task OfferAsync(AcceptedConnection connection)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        try
        {
            while (readAtLeast is { } enough ? length < enough : buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                var count = connection.Socket is { } socket
                    ? await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None)
                    : await connection.Stream!.ReadAsync(buffer.AsMemory(length));
                if (count == 0)
                {
                    connection.Dispose();
                    return;
                }

                length += count;
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            connection.Dispose();
            return;
        }

        Door!.Offer(connection, buffer.AsMemory(0, length));
        Offered.Writer.TryWrite(length);
    }
}
