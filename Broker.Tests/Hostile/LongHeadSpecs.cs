using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Tests.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Request heads without an end: little of them is read, and the answer comes all the same.</summary>
public sealed class LongHeadSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private const int Piece = 16 * 1024;

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData("", 10 << 20, 414)]
    [InlineData("GET /", 10 << 20, 414)]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nX: ", 1 << 20, 431)]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nX: ", 10 << 20, 431)]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX: ", 10 << 20, 431)]
    public async Task Megabytes_without_an_end_of_line_are_not_read(string start, int length, int status)
    {
        var before = _node.Metrics.All;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendBufferSize = Piece };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _node.Port), Cancel);
        using var client = new RawClient(socket, new NetworkStream(socket));
        var sent = 0;
        try
        {
            await client.SendAsync(start);
            var piece = Encoding.ASCII.GetBytes(new string('a', Piece));
            for (; sent < length; sent += Piece)
            {
                await client.Stream.WriteAsync(piece, Cancel);
            }
        }
        catch (IOException)
        {
            // Cut: the answer came before.
        }

        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadToEndAsync(), StringComparison.Ordinal);

        // Beyond what the node reads only buffers of the two sockets hold anything.
        TestContext.Current.TestOutputHelper!.WriteLine($"{sent} of {length} bytes were taken");
        Assert.InRange(sent, 0, 3 << 20);
        client.Dispose();
        await _node.IsUnharmedAsync();
        Assert.Contains("broker.handshakes.refused too_large = 1", _node.Metrics.Since(before));
    }
}
