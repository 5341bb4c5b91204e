using System.IO.Compression;
using System.Text;
using Broker.Tests.Deflate;
using Broker.Tests.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>What is announced or refused holds no memory. The heap is the whole process's, so nothing runs beside these.</summary>
[Collection(Alone.Name)]
public sealed class MemorySpecs
{
    private const string Config = HostileNode.Open + "broker.limits.accepts-per-second = 1000000\n";
    private const long Slack = 8 << 20;
    private const int MessageLimit = 64 * 1024;
    private const int Rounds = 5;

    private static readonly byte[] Scratch = new byte[64 * 1024];

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public Task Requests_refused_leave_no_memory() =>
        LeavesNoMemoryAsync(async node =>
        {
            foreach (var row in RequestCases.Refused)
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
        var payload = Enumerable.Repeat((byte)'a', size).ToArray();
        byte[] many = [.. Enumerable.Repeat(TestFrame.Build(0, payload, fin: false), 20_000).SelectMany(static frame => frame)];
        byte[] first = TestFrame.Build(1, payload, fin: false);
        await using var node = await HostileNode.StartAsync(Config, sings: false);
        var rounds = await HoldsAtMostAsync(64 * 1024 + MessageLimit, node, static node => node.ClientAsync(), async socket =>
        {
            var flood = HostileNode.SendUntilCutAsync(socket, Enumerable.Repeat(many, 50).Prepend(first));
            var close = await socket.ReceiveCloseAsync(Cancel);
            Assert.Equal((1008, "abuse"), (close.CloseCode, close.CloseReason));
            return flood;
        });
        await node.HasCountedAsync($"broker.abuse fragments = {rounds}", $"broker.connections.closed 1008 abuse = {rounds}");
    }

    [Fact]
    public async Task Ten_thousand_pings_that_nobody_reads_the_pongs_of_hold_64_KiB_at_most()
    {
        byte[] pings = [.. Enumerable.Repeat(TestFrame.Build(9, new byte[125]), 10_000).SelectMany(static frame => frame)];
        await using var node = await HostileNode.StartAsync(Config, sings: false);
        var rounds = await HoldsAtMostAsync(64 * 1024, node, static node => node.ClientAsync(), async socket =>
        {
            await HostileNode.SendUntilCutAsync(socket, [pings]);
            await ReadToEndAsync(socket);
            return Task.CompletedTask;
        });
        await node.HasCountedAsync($"broker.abuse control_frames = {rounds}", $"broker.connections.closed 1008 abuse = {rounds}");
    }

    [Fact]
    public async Task A_bomb_holds_less_than_twice_the_limit_of_a_message()
    {
        var bomb = TestFrame.Build(1, Zlib.Deflate(new byte[60 << 20], CompressionLevel.SmallestSize), rsv: 4);
        await using var node = await HostileNode.StartAsync(Config + "broker.deflate.enabled = on\n", sings: false);
        var rounds = await HoldsAtMostAsync(2 * MessageLimit, node, DeflateSpecs.OpenAsync, async socket =>
        {
            await HostileNode.SendUntilCutAsync(socket, [bomb]);
            await ReadToEndAsync(socket);
            return Task.CompletedTask;
        });
        await node.HasCountedAsync($"broker.connections.closed 1009 message too big = {rounds}");
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

        var before = await node.Canary.BetweenBeatsAsync(HostileNode.Heap);
        foreach (var socket in sockets)
        {
            // The pong shows that the server has read the header behind the ping.
            await socket.SendBytesAsync([.. TestFrame.Text("", fin: false), .. TestFrame.Build(9, []), .. TestFrame.Build(0, [], lengthBytes: 8, announced: 64 * 1024)], cancellation: Cancel);
            Assert.Equal(10, (await socket.ReceiveAsync(Cancel)).Opcode);
        }

        Assert.InRange(await node.Canary.BetweenBeatsAsync(HostileNode.Heap) - before, long.MinValue, Slack);
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }

        await node.IsUnharmedAsync();
    }

    /// <summary>Without what the test's own client would make of each frame.</summary>
    private static async Task ReadToEndAsync(RawWebSocket socket)
    {
        while (await socket.Socket.ReceiveAsync(Scratch, Cancel) > 0)
        {
        }
    }

    /// <summary>
    /// All that this process allocates while a connection offends, and the most of its pools that is rented at once, the node's and
    /// the client's, is a bound on what the offence can hold at any moment: looking at the heap afterwards would not show it. What
    /// compilers cost is paid by the first rounds, and what specs before this one left running allocates too, so one round must stay
    /// below; a cost of each frame or byte would be in all.
    /// </summary>
    /// <param name="bytes">The bound.</param>
    /// <param name="node">Alone in the process, its canary silent.</param>
    /// <param name="connect">Opens a connection.</param>
    /// <param name="offend">Up to the answer; then what is still sent, of which only what is rented counts.</param>
    /// <returns>How many connections offended.</returns>
    private static async Task<int> HoldsAtMostAsync(long bytes, HostileNode node, Func<HostileNode, Task<RawWebSocket>> connect, Func<RawWebSocket, Task<Task>> offend)
    {
        var (least, rented, rounds) = (long.MaxValue, 0L, 0);
        for (; rounds < Rounds || (least > bytes && rounds < 10 * Rounds); rounds++)
        {
            await using var socket = await connect(node);
            using var pools = new PoolWatch();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var rest = await offend(socket);
            var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
            await rest;
            rented = Math.Max(rented, pools.Peak);
            least = Math.Min(least, allocated + pools.Peak);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{least} bytes of {bytes}, {rented} of them rented");
        Assert.InRange(rented, 1, bytes);
        Assert.InRange(least, 0, bytes);
        return rounds;
    }

    /// <summary>
    /// Ten times the offences leave no more than there was. Pools of arrays fill up once, on as many threads as happened to
    /// come by; so one of a few rounds must leave nothing, which none would of a leak.
    /// </summary>
    private static async Task LeavesNoMemoryAsync(Func<HostileNode, Task> offend)
    {
        await using var node = await HostileNode.StartAsync(Config);
        await offend(node);
        await node.IsUnharmedAsync();
        var heaps = new List<long> { await node.Canary.BetweenBeatsAsync(HostileNode.Heap) };
        do
        {
            for (var i = 0; i < 10; i++)
            {
                await offend(node);
            }

            await node.IsUnharmedAsync();
            heaps.Add(await node.Canary.BetweenBeatsAsync(HostileNode.Heap));
        }
        while (heaps[^1] - heaps[^2] > Slack && heaps.Count < Rounds);

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
