using System.Text;
using Broker.Tests.Hostile;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Echo;

public sealed class EchoSpecs(EchoNode shared) : IClassFixture<EchoNode>
{
    private const int Largest = 64 * 1024 * 1024;
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    private Task<RawWebSocket> OpenAsync() => OpenAsync(_node);

    private static async Task<RawWebSocket> OpenAsync(HostileNode node, params (string Name, string Value)[] headers)
    {
        var socket = await node.ConnectAsync("/echo", null, headers);
        Assert.Equal(101, socket.Status);
        return socket;
    }

    private static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Sends beside reading: what the client does not read, the server does not take.</summary>
    private static async Task EchoesAsync(RawWebSocket socket, byte[] sent, int opcode, byte[] message)
    {
        var sending = socket.SendBytesAsync(sent, cancellation: Cancel);
        var echo = await socket.ReceiveAsync(Cancel);
        await sending;
        Assert.Equal((opcode, true, 0), (echo.Opcode, echo.Fin, echo.Rsv));
        Assert.True(message.AsSpan().SequenceEqual(echo.Payload));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(1_000_000)]
    public async Task Message_comes_back_with_its_opcode_and_bytes(int length)
    {
        await using var socket = await OpenAsync();
        var text = Encoding.ASCII.GetBytes(new string('*', length));
        await EchoesAsync(socket, TestFrame.Build(1, text), 1, text);
        await EchoesAsync(socket, TestFrame.Build(2, Bytes(length)), 2, Bytes(length));
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData(Largest)]
    [InlineData(1024 * 1024)]
    public async Task Message_of_64_MiB_comes_back_from_frames_of(int fragment)
    {
        await using var socket = await OpenAsync();
        var message = Bytes(Largest);
        var chunks = message.Chunk(fragment).ToArray();
        byte[] frames = [.. chunks.SelectMany((chunk, i) => TestFrame.Build(i == 0 ? 2 : 0, chunk, i == chunks.Length - 1))];
        await EchoesAsync(socket, frames, 2, message);
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Message_over_64_MiB_is_refused_on_its_header_with_1009()
    {
        await using var socket = await OpenAsync();
        await socket.SendBytesAsync(TestFrame.Build(2, [], announced: Largest + 1), cancellation: Cancel);
        await HostileNode.ClosesAsync(socket, 1009);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Fragments_and_pings_are_not_counted()
    {
        await using var socket = await OpenAsync();
        byte[] frames = [.. TestFrame.Text("a", fin: false), .. Enumerable.Repeat(TestFrame.Build(0, [(byte)'b'], false), 3000).SelectMany(static frame => frame), .. TestFrame.Build(0, [(byte)'c'])];
        await socket.SendBytesAsync(frames, cancellation: Cancel);
        Assert.Equal("a" + new string('b', 3000) + "c", await socket.ReceiveTextAsync(Cancel));
        for (var i = 0; i < 200; i++)
        {
            await socket.SendBytesAsync(TestFrame.Build(9, [(byte)i]), cancellation: Cancel);
            var pong = await socket.ReceiveAsync(Cancel);
            Assert.Equal((10, (byte)i), (pong.Opcode, Assert.Single(pong.Payload)));
        }

        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Many_messages_in_one_write_come_back_in_order_before_the_close()
    {
        await using var socket = await OpenAsync();
        var texts = Enumerable.Range(0, 500).Select(i => new string((char)('a' + (i % 26)), i * 37 % 9000)).ToArray();
        var sending = socket.SendBytesAsync([.. texts.SelectMany(text => TestFrame.Text(text)), .. TestFrame.Close(1000, "bye")], cancellation: Cancel);
        foreach (var text in texts)
        {
            Assert.Equal(text, await socket.ReceiveTextAsync(Cancel));
        }

        await sending;
        await HostileNode.ClosesAsync(socket, 1000);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData(1, new byte[] { 0xFF }, 1007)]
    [InlineData(3, new byte[0], 1002)]
    [InlineData(0, new byte[0], 1002)]
    public async Task Fault_closes_with_its_code(int opcode, byte[] payload, int code)
    {
        await using var socket = await OpenAsync();
        await socket.SendFrameAsync(opcode, payload, cancellation: Cancel);
        await HostileNode.ClosesAsync(socket, code);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Nothing_but_the_close_frame_is_sent_where_a_limit_is_crossed()
    {
        await using var socket = await OpenAsync();
        await socket.SendBytesAsync(TestFrame.Build(2, [], announced: (64 << 20) + 1, lengthBytes: 8), cancellation: Cancel);
        var close = await socket.ReceiveAsync(Cancel);
        Assert.Equal((1009, "message too big"), (close.CloseCode, close.CloseReason));
        await socket.DisposeAsync();
        await _node.HasCountedAsync("broker.connections.closed 1009 message too big = 1");
    }

    /// <summary>On a clock of its own: a day inside one message, of an endpoint that pings nobody.</summary>
    [Fact]
    public async Task A_message_may_take_all_day()
    {
        await using var node = await HostileNode.StartAsync(EchoNode.Config + "broker.heartbeat.interval = 1h\n", TokenForge.Clock());
        await using var socket = await OpenAsync(node);
        await socket.SendBytesAsync([.. TestFrame.Text("all ", fin: false), .. TestFrame.Build(9, [])], cancellation: Cancel);
        Assert.Equal(10, (await socket.ReceiveAsync(Cancel)).Opcode);
        for (var seconds = 0; seconds < 24 * 3600; seconds += 1200)
        {
            await node.AdvanceAsync(TimeSpan.FromSeconds(1200));
        }

        await socket.SendBytesAsync(TestFrame.Build(0, "day"u8), cancellation: Cancel);
        Assert.Equal("all day", (await socket.ReceiveAsync(Cancel)).Text);
        await HostileNode.LeaveAsync(socket);
        await node.HasCountedAsync();
    }

    [Fact]
    public async Task Client_that_goes_inside_a_message_leaves_nothing()
    {
        await using (var socket = await OpenAsync())
        {
            await socket.SendBytesAsync([.. TestFrame.Build(2, new byte[100_000]), .. TestFrame.Build(2, new byte[100_000], announced: 200_000)], cancellation: Cancel);
            Assert.Equal(100_000, (await socket.ReceiveAsync(Cancel)).Payload.Length);
        }

        await _node.IsUnharmedAsync();
    }

    [Theory]
    [InlineData("https://evil.example", 403)]
    [InlineData("https://good.example", 101)]
    public async Task Origins_are_judged_as_elsewhere(string origin, int status)
    {
        await using (var socket = await _node.ConnectAsync("/echo", null, ("Origin", origin)))
        {
            Assert.Equal(status, socket.Status);
        }

        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Origin_refused_by_close_reads_so_and_gets_no_echo()
    {
        await using var node = await HostileNode.StartAsync(EchoNode.Config + "broker.origins.refuse = close");
        await using var socket = await OpenAsync(node, ("Origin", "https://evil.example"));
        await socket.SendTextAsync("hello", Cancel);
        await HostileNode.ClosesAsync(socket, 1008, "Origin not allowed");
        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Stopping_node_closes_echo_connections_with_1012_also_inside_a_message()
    {
        var node = await HostileNode.StartAsync(EchoNode.Config);
        await using var idle = await OpenAsync(node);
        await using var busy = await OpenAsync(node);
        await busy.SendBytesAsync(TestFrame.Text("half", fin: false), cancellation: Cancel);
        var stopping = node.DisposeAsync().AsTask();
        foreach (var socket in new[] { idle, busy })
        {
            var close = await socket.ReceiveCloseAsync(Cancel);
            Assert.Equal((1012, "restart"), (close.CloseCode, close.CloseReason));
            await socket.DisposeAsync();
        }

        await stopping;
    }

    [Fact]
    public async Task Without_the_setting_the_path_is_a_page_like_any_other()
    {
        await using var node = await HostileNode.StartAsync();
        await using var socket = await node.ConnectAsync("/echo");
        Assert.Equal(404, socket.Status);
    }
}
