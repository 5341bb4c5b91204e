using System.Text;
using Broker.Tests.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>What is announced or refused holds no memory. The heap is the whole process's, so nothing runs beside these.</summary>
[Collection(Alone.Name)]
public sealed class MemorySpecs
{
    private const string Config = HostileNode.Open + "broker.limits.accepts-per-second = 1000000\n";
    private const long Slack = 8 << 20;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public Task Requests_refused_leave_no_memory() =>
        LeavesNoMemoryAsync(async node =>
        {
            foreach (var row in HandshakeSpecs.Refused)
            {
                using var client = await node.HttpAsync();
                await SendAsync(client, Encoding.Latin1.GetBytes(row.Data.Item2));
                Assert.StartsWith($"HTTP/1.1 {row.Data.Item3} ", await client.ReadToEndAsync(), StringComparison.Ordinal);
            }
        });

    [Fact]
    public Task Frames_refused_leave_no_memory() =>
        LeavesNoMemoryAsync(async node =>
        {
            foreach (var row in FrameSpecs.Wrong)
            {
                await using var socket = await node.ClientAsync();
                await HostileNode.SendUntilCutAsync(socket, [row.Data.Item2]);
                Assert.Equal(row.Data.Item3, (await socket.ReceiveCloseAsync(Cancel)).CloseCode);
            }
        });

    [Fact]
    public Task Messages_refused_leave_no_memory() =>
        LeavesNoMemoryAsync(async node =>
        {
            foreach (var row in MessageSpecs.Bombs)
            {
                await using var socket = await node.ClientAsync();
                await socket.SendTextAsync(row.Data, Cancel);
                await HostileNode.ReadAsync(socket, "error");
                await HostileNode.LeaveAsync(socket);
            }
        });

    [Fact]
    public Task A_hundred_thousand_headers_are_refused_at_the_65th() =>
        LeavesNoMemoryAsync(async node =>
        {
            using var client = await node.HttpAsync();
            await SendAsync(client, Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat("X: 1\r\n", 100_000)) + "\r\n"));
            Assert.StartsWith("HTTP/1.1 431 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
        });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_million_fragments_are_refused_at_the_1025th(int size)
    {
        await using var node = await HostileNode.StartAsync(Config);
        await using var socket = await node.ClientAsync();
        var payload = Enumerable.Repeat((byte)'a', size).ToArray();
        byte[] thousand = [.. Enumerable.Repeat(TestFrame.Build(0, payload, fin: false), 1000).SelectMany(static frame => frame)];
        var before = HostileNode.Heap();
        var flood = HostileNode.SendUntilCutAsync(socket, Enumerable.Repeat(thousand, 1000).Prepend(TestFrame.Build(1, payload, fin: false)));
        var close = await socket.ReceiveCloseAsync(Cancel);
        Assert.Equal((1008, "abuse"), (close.CloseCode, close.CloseReason));
        await flood;
        Assert.InRange(HostileNode.Heap() - before, long.MinValue, Slack);
        await socket.DisposeAsync();
        await node.IsUnharmedAsync();
        Assert.Equal(1, node.Metrics["broker.abuse fragments"]);
    }

    [Fact]
    public async Task A_length_announced_holds_nothing_until_its_bytes_come()
    {
        // 200 times the limit of a message: more than the slack, were it set aside.
        await using var node = await HostileNode.StartAsync(Config);
        List<RawWebSocket> sockets = [];
        for (var i = 0; i < 200; i++)
        {
            sockets.Add(await node.ClientAsync());
        }

        var before = HostileNode.Heap();
        foreach (var socket in sockets)
        {
            // The pong shows that the server has read the header behind the ping.
            await socket.SendBytesAsync([.. TestFrame.Text("", fin: false), .. TestFrame.Build(9, []), .. TestFrame.Build(0, [], lengthBytes: 8, announced: 64 * 1024)], cancellation: Cancel);
            Assert.Equal(10, (await socket.ReceiveAsync(Cancel)).Opcode);
        }

        Assert.InRange(HostileNode.Heap() - before, long.MinValue, Slack);
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await node.IsUnharmedAsync();
    }

    /// <summary>
    /// Ten times the offences leave no more than there was. Pools of arrays fill up once, on as many threads as happened to
    /// come by; so one of a few rounds must leave nothing, which none would of a leak.
    /// </summary>
    private static async Task LeavesNoMemoryAsync(Func<HostileNode, Task> offend)
    {
        const int Rounds = 4;
        await using var node = await HostileNode.StartAsync(Config);
        await offend(node);
        await node.IsUnharmedAsync();
        var heaps = new List<long> { HostileNode.Heap() };
        do
        {
            for (var i = 0; i < 10; i++)
            {
                await offend(node);
            }

            await node.IsUnharmedAsync();
            heaps.Add(HostileNode.Heap());
        }
        while (heaps[^1] - heaps[^2] > Slack && heaps.Count <= Rounds);

        Assert.True(heaps[^1] - heaps[^2] <= Slack, $"the heap grows with every round: {string.Join(", ", heaps)}");
    }

    private static async Task SendAsync(RawClient client, byte[] bytes)
    {
        try
        {
            await client.Stream.WriteAsync(bytes, Cancel);
        }
        catch (IOException)
        {
            // Refused before the end: the answer is there to be read.
        }
    }
}
