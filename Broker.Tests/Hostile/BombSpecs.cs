using System.IO.Compression;
using System.Text;
using Broker.Tests.Cluster;
using Broker.Tests.Configuration;
using Broker.Tests.Deflate;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Bombs against a node of its own process, whose resident memory is nobody else's.</summary>
[Collection(NodeProcesses.Name)]
public sealed class BombSpecs
{
    private const long Most = 32 << 20;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task Hundred_bombs_at_once_raise_the_nodes_resident_memory_by_less_than_32_MiB()
    {
        using var files = new TemporaryDirectory();
        var config = files.Write("bombs.conf", "include \"built-in/broker.conf\"\nbroker.deflate.enabled = on\n");
        await using var node = await NodeProcess.StartAsync(["--config", config], Cancel);
        var bomb = TestFrame.Build(1, Zlib.Deflate(new byte[60 << 20], CompressionLevel.SmallestSize), rsv: 4);
        Assert.InRange(bomb.Length, 50_000, 65_536);
        var request = TestFrame.Build(1, Zlib.Deflate(Encoding.UTF8.GetBytes("""{"type":"unsubscribe","topic":"t","id":1}""")), rsv: 4);
        for (var round = 0; round < 3; round++)
        {
            // Each has compressed before, as any client may: what the node holds for that is not the bombs'.
            var sockets = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ConnectAsync(node, request)));
            var before = node.ResidentBytes;
            node.ForgetPeak();
            await Task.WhenAll(sockets.Select(async socket =>
            {
                await HostileNode.SendUntilCutAsync(socket, [bomb]);
                await HostileNode.ClosesAsync(socket, 1009);
            }));
            var rise = node.PeakResidentBytes - before;
            TestContext.Current.TestOutputHelper!.WriteLine($"{before >> 20} MiB, then {rise / 1024} KiB more at most");
            Assert.InRange(rise, 0, Most);
        }
    }

    private static async Task<RawWebSocket> ConnectAsync(NodeProcess node, byte[] request)
    {
        var socket = await RawWebSocket.ConnectAsync(
            node.WebSocket.Host, node.WebSocket.Port, headers: [("Sec-WebSocket-Extensions", "permessage-deflate")], cancellation: Cancel);
        Assert.NotNull(socket.Header("Sec-WebSocket-Extensions"));
        await HostileNode.ReadAsync(socket, "welcome");
        await socket.SendBytesAsync(request, cancellation: Cancel);
        await HostileNode.ReadAsync(socket, "unsubscribed");
        return socket;
    }
}
