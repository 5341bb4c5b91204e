using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

public sealed class FrameSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private static readonly byte[] Hello = Encoding.UTF8.GetBytes("hello");
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string, byte[], int> Wrong
    {
        get
        {
            var data = new TheoryData<string, byte[], int>
            {
                { "unmasked text", TestFrame.Build(1, Hello, masked: false), 1002 },
                { "unmasked ping", TestFrame.Build(9, Hello, masked: false), 1002 },
                { "unmasked close", TestFrame.Close(1000, masked: false), 1002 },
                { "RSV1", TestFrame.Build(1, Hello, rsv: 4), 1002 },
                { "RSV2", TestFrame.Build(1, Hello, rsv: 2), 1002 },
                { "RSV3", TestFrame.Build(1, Hello, rsv: 1), 1002 },
                { "RSV1 on a ping", TestFrame.Build(9, Hello, rsv: 4), 1002 },
                { "a ping in two", TestFrame.Build(9, Hello, fin: false), 1002 },
                { "a ping of 126 bytes", TestFrame.Build(9, new byte[126]), 1002 },
                { "a continuation of nothing", TestFrame.Build(0, Hello), 1002 },
                { "a text inside a text", [.. TestFrame.Text("a", fin: false), .. TestFrame.Text("b")], 1002 },
                { "a length with the highest bit", TestFrame.Build(1, [], lengthBytes: 8, announced: 1UL << 63), 1002 },
                { "5 bytes as 16 bits", TestFrame.Build(1, Hello, lengthBytes: 2), 1002 },
                { "200 bytes as 64 bits", TestFrame.Build(1, new byte[200], lengthBytes: 8), 1002 },
                { "2^62 bytes", TestFrame.Build(1, [], lengthBytes: 8, announced: 1UL << 62), 1009 },
                { "2^63 - 1 bytes", TestFrame.Build(1, [], lengthBytes: 8, announced: long.MaxValue), 1009 },
                { "2^32 bytes", TestFrame.Build(1, [], lengthBytes: 8, announced: 1UL << 32), 1009 },
                { "a message over the limit", TestFrame.Build(1, [], lengthBytes: 8, announced: 64 * 1024 + 1), 1009 },
                { "fragments over the limit", [.. TestFrame.Build(1, Letters(40_000), fin: false), .. TestFrame.Build(0, Letters(40_000))], 1009 },
                { "binary", TestFrame.Build(2, Hello), 1003 },
                { "bad UTF-8", TestFrame.Build(1, [0xC0, 0x80]), 1007 },
                { "bad UTF-8 in a first fragment", TestFrame.Build(1, [(byte)'a', 0xED, 0xA0, 0x80], fin: false), 1007 },
                { "a text that ends in a code point", TestFrame.Build(1, [0xE2, 0x82]), 1007 },
                { "a close of one byte", TestFrame.Build(8, [3]), 1002 },
                { "a close reason of bad UTF-8", TestFrame.Build(8, [3, 0xE8, 0xFF]), 1007 },
                { "1,025 fragments", Fragments(1025), 1008 },
                { "41 pings", [.. Enumerable.Repeat(TestFrame.Build(9, []), 60).SelectMany(static frame => frame)], 1008 },
            };
            foreach (var opcode in new[] { 3, 7, 11, 15 })
            {
                data.Add($"opcode {opcode}", TestFrame.Build(opcode, Hello), 1002);
                data.Add($"opcode {opcode} inside a message", [.. TestFrame.Text("a", fin: false), .. TestFrame.Build(opcode, [])], 1002);
            }

            foreach (var code in new[] { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535 })
            {
                data.Add($"close code {code}", TestFrame.Close(code), 1002);
            }

            foreach (var code in new[] { 1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999 })
            {
                data.Add($"close code {code}", TestFrame.Close(code, "bye"), code);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_frame_is_answered_with_one_close_code_however_it_comes(string what, byte[] frame, int code)
    {
        await IsAnsweredAsync(_node, what, frame, code);
    }

    /// <summary>
    /// A new connection without a token that sends the frame is closed with this code, at three segmentations, is counted
    /// for it, and nobody notices.
    /// </summary>
    /// <param name="node">Of the connection.</param>
    /// <param name="what">The frame's name.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="code">The answer.</param>
    /// <param name="connect">Another way to it; null: its own.</param>
    internal static async Task IsAnsweredAsync(HostileNode node, string what, byte[] frame, int code, Func<Task<RawWebSocket>>? connect = null)
    {
        // What comes after it is read by nobody.
        byte[] bytes = [.. frame, .. TestFrame.Text("""{"type":"publish","topic":"canary","data":"never"}"""), .. TestFrame.Close(1000)];
        foreach (var segments in Segmentation.Three(bytes))
        {
            await using var socket = await (connect ?? (() => node.ClientAsync()))();
            await HostileNode.SendUntilCutAsync(socket, segments);
            var told = false;
            var close = await socket.ReceiveUntilAsync(
                frame =>
                {
                    told |= frame.Opcode == 1 && frame.Text.StartsWith($$"""{"type":"disconnecting","code":{{code}},""", StringComparison.Ordinal);
                    return frame.IsClose;
                },
                Cancel);
            Assert.True(close.CloseCode == code, $"{what} in segments of {segments.First().Length}: {close}");
            Assert.True(code != 1008 || close.CloseReason == "abuse", $"{what}: {close}");

            // Limits are the server's choice, faults of the framing the peer's.
            Assert.True(told == (code is 1008 or 1009), $"{what}: {(told ? "" : "not ")}told");
            Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd, what);
        }

        var counts = Counts(what, code);
        await node.HasCountedAsync(counts.Length == 0 ? [] : counts.Split('|'));
    }

    /// <summary>What three of them count; a close that the client may send is no offence.</summary>
    private static string Counts(string what, int code) => code switch
    {
        _ when what == $"close code {code}" => "",
        1002 => "broker.connections.closed 1002 protocol error = 3",
        1003 => "broker.connections.closed 1003 unsupported data = 3",
        1007 => "broker.connections.closed 1007 invalid data = 3",
        1009 => "broker.connections.closed 1009 message too big = 3",
        _ => $"broker.abuse {(what.EndsWith("pings", StringComparison.Ordinal) ? "control_frames" : "fragments")} = 3|broker.connections.closed 1008 abuse = 3",
    };

    [Fact]
    public async Task A_message_of_just_the_limit_is_taken_in_one_frame_and_in_many()
    {
        await using var socket = await _node.ClientAsync();
        const string Start = "{\"type\":\"publish\",\"topic\":\"t\",\"id\":1,\"data\":\"";
        var message = Encoding.UTF8.GetBytes(Start + new string('a', 64 * 1024 - Start.Length - 2) + "\"}");
        Assert.Equal(64 * 1024, message.Length);
        await socket.SendFrameAsync(1, message, cancellation: Cancel);
        await HostileNode.ReadAsync(socket, "published");
        await socket.SendFrameAsync(1, message[..1], fin: false, cancellation: Cancel);
        await socket.SendFrameAsync(9, Hello, cancellation: Cancel);
        await socket.SendFrameAsync(0, message[1..], cancellation: Cancel);
        Assert.Equal(10, (await socket.ReceiveAsync(Cancel)).Opcode);
        await HostileNode.ReadAsync(socket, "published");
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    public static TheoryData<string, byte[], int, string> Early => new()
    {
        { "too big", TestFrame.Build(1, [], announced: 1 << 20, lengthBytes: 8), 1009, "welcome disconnecting" },
        { "fragments", Fragments(1025), 1008, "welcome disconnecting" },
        { "unmasked", TestFrame.Text("a", masked: false), 1002, "welcome" },
        { "a close", TestFrame.Close(1000), 1000, "welcome" },
    };

    /// <summary>The welcome is the first message of every connection, also where what ends it came first.</summary>
    [Theory]
    [MemberData(nameof(Early))]
    public async Task What_ends_a_connection_together_with_the_request_is_answered_after_the_welcome(string what, byte[] frames, int code, string types)
    {
        await using var socket = await _node.DialAsync();
        await socket.SendBytesAsync([.. RawWebSocket.UpgradeRequest("a"), .. frames], cancellation: Cancel);
        await socket.ReadResponseAsync(Cancel);
        var messages = new List<string?>();
        RawMessage frame;
        while (!(frame = await socket.ReceiveAsync(Cancel)).IsClose)
        {
            messages.Add(JsonDocument.Parse(frame.Text).RootElement.GetProperty("type").GetString());
        }

        Assert.Equal((what, code, types), (what, frame.CloseCode, string.Join(' ', messages)));
        await socket.DisposeAsync();
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Pongs_nobody_asked_for_and_half_a_close_are_no_harm()
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendFrameAsync(10, Hello, cancellation: Cancel);
        await HostileNode.RoundTripAsync(socket);
        await socket.SendBytesAsync(TestFrame.Close(1000)[..3], cancellation: Cancel);
        socket.Socket.Shutdown(SocketShutdown.Send);
        Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task What_was_sent_before_a_close_or_a_fault_is_done_also_where_one_read_brings_both()
    {
        await using var subscriber = await _node.ClientAsync();
        await subscriber.SendTextAsync("""{"type":"subscribe","topic":"last.words"}""", Cancel);
        await HostileNode.ReadAsync(subscriber, "subscribed");
        foreach (var end in new[] { TestFrame.Close(1000), TestFrame.Close(1000, masked: false), TestFrame.Build(2, Hello) })
        {
            await using var socket = await _node.ClientAsync();
            await socket.SendBytesAsync([.. TestFrame.Text("""{"type":"publish","topic":"last.words","data":1}"""), .. end], cancellation: Cancel);
            Assert.True((await socket.ReceiveCloseAsync(Cancel)).IsClose);
            await HostileNode.ReadAsync(subscriber, "message");
        }

        await HostileNode.LeaveAsync(subscriber);
        await _node.IsUnharmedAsync();
    }

    public static TheoryData<string, byte[]> Phases => new()
    {
        { "nothing", [] },
        { "a header", [0x81] },
        { "a mask", TestFrame.Text("hello")[..4] },
        { "a payload", TestFrame.Text("hello")[..8] },
        { "a fragment", TestFrame.Text("hello", fin: false) },
        { "a long message", TestFrame.Build(1, Letters(60_000))[..50_000] },
        { "a close", TestFrame.Close(1000) },
        { "a fault", TestFrame.Text("a", masked: false) },
        { "a subscription and its pushes", [.. TestFrame.Text("""{"type":"subscribe","topic":"t"}"""), .. Enumerable.Repeat(TestFrame.Text($$"""{"type":"publish","topic":"t","data":"{{new string('a', 10_000)}}","id":1}"""), 20).SelectMany(static frame => frame)] },
    };

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_connection_that_breaks_off_leaves_nothing(string what, byte[] sent)
    {
        Assert.NotEmpty(what);
        for (var i = 0; i < 5; i++)
        {
            await using var reset = await _node.ClientAsync();
            await reset.SendBytesAsync(sent, cancellation: Cancel);
            reset.Abort();
            await using var finished = await _node.ClientAsync();
            await finished.SendBytesAsync(sent, cancellation: Cancel);
            finished.Socket.Shutdown(SocketShutdown.Send);
            await finished.ReceiveUntilAsync(static frame => frame.IsEnd, Cancel);
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Two_hundred_connections_dropped_in_every_phase_leave_nothing()
    {
        byte[] all =
        [
            .. RawWebSocket.UpgradeRequest("a"),
            .. TestFrame.Text("""{"type":"subscribe","topic":"many","id":1}"""),
            .. TestFrame.Text("""{"type":"publish","topic":"many","data":1,"id":2}"""),
            .. TestFrame.Text("""{"type":"unsubscribe","topic":"many","id":3}"""),
            .. TestFrame.Close(1000),
        ];
        async Task Drop(int part)
        {
            await using var socket = await _node.DialAsync();
            await socket.SendBytesAsync(all[..(all.Length * part / 200)], cancellation: Cancel);
            switch (part % 4)
            {
                case 0:
                    socket.Abort();
                    break;
                case 1:
                    socket.Socket.Shutdown(SocketShutdown.Send);
                    break;
                case 2 when part > 150:
                    await socket.ReadResponseAsync(Cancel);
                    socket.Abort();
                    break;
            }
        }

        await _node.Canary.BesideAsync(Parallel.ForAsync(1, 201, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (part, _) => await Drop(part)));
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Who_goes_on_sending_after_a_fault_reads_the_close_and_is_cut()
    {
        async Task Flood()
        {
            await using var socket = await _node.ClientAsync();
            await socket.SendFrameAsync(1, Hello, masked: false, cancellation: Cancel);
            Assert.Equal(1002, (await socket.ReceiveCloseAsync(Cancel)).CloseCode);
            var waste = new byte[1024 * 1024];
            await Assert.ThrowsAnyAsync<IOException>(async () =>
            {
                while (true)
                {
                    await socket.SendBytesAsync(waste, cancellation: Cancel);
                }
            });
        }

        await _node.Canary.BesideAsync(Flood());
        await _node.IsUnharmedAsync();
    }

    private static byte[] Letters(int count) => Enumerable.Repeat((byte)'a', count).ToArray();

    private static byte[] Fragments(int count) =>
        [.. TestFrame.Build(1, [], fin: false), .. Enumerable.Repeat(TestFrame.Build(0, [], fin: false), count - 1).SelectMany(static frame => frame)];
}
