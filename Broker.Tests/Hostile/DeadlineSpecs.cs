using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

public sealed class DeadlineSpecs(FakeNode shared) : IClassFixture<FakeNode>
{
    private const string RoundTrip = """{"type":"unsubscribe","topic":"nothing","id":1}""";
    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData("")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\n")]
    public async Task Half_a_request_is_answered_408_after_five_seconds(string half)
    {
        using var client = await _node.HttpAsync();
        await client.SendAsync(half);
        await Eventually.IsTrueAsync(() => _node.Admission.Handshakes == 1, "accepted");

        // Of a client whose bytes the node has not read it is the node that is late.
        await PeerRead.AllAsync(client.Socket);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(4.9));
        Assert.Equal(1, _node.Admission.Handshakes);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(0.2));
        Assert.StartsWith("HTTP/1.1 408 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
        await _node.HasCountedAsync("broker.handshakes.refused timeout = 1");
    }

    [Fact]
    public async Task A_client_is_pinged_after_25_seconds_and_cut_8_seconds_later()
    {
        await using var socket = await _node.ClientAsync();
        await _node.AdvanceAsync(TimeSpan.FromSeconds(25));
        Assert.Equal(9, (await socket.ReceiveAsync(Cancel)).Opcode);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(7.9));
        Assert.Equal(3, _node.ConnectionActors());
        await _node.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.True((await socket.ReceiveAsync(Cancel)).IsEnd);
        await _node.HasCountedAsync("broker.connections.closed 1006 heartbeat = 1");
    }

    [Fact]
    public async Task Any_bytes_are_signs_of_life_also_where_they_are_no_pong()
    {
        await using var socket = await _node.ClientAsync();
        for (var i = 0; i < 3; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(25));
            Assert.Equal(9, (await socket.ReceiveAsync(Cancel)).Opcode);
            await HostileNode.RoundTripAsync(socket);
            await _node.AdvanceAsync(TimeSpan.FromSeconds(8));
        }

        await HostileNode.RoundTripAsync(socket);
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Fact]
    public async Task A_message_that_takes_longer_than_30_seconds_is_abuse()
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendBytesAsync([.. TestFrame.Text(RoundTrip), .. TestFrame.Text("half", fin: false)], cancellation: Cancel);
        await HostileNode.ReadAsync(socket, "unsubscribed");
        await _node.AdvanceAsync(TimeSpan.FromSeconds(25));
        Assert.Equal(9, (await socket.ReceiveAsync(Cancel)).Opcode);
        await socket.SendBytesAsync([.. TestFrame.Build(10, []), .. TestFrame.Build(0, Encoding.UTF8.GetBytes("more"), fin: false)], cancellation: Cancel);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("abuse", (await HostileNode.ReadAsync(socket, "disconnecting")).GetProperty("reason").GetString());
        await HostileNode.ClosesAsync(socket, 1008, "abuse");
        await _node.HasCountedAsync("broker.abuse message_time = 1", "broker.connections.closed 1008 abuse = 1");
    }

    [Fact]
    public async Task Each_message_has_its_own_30_seconds_where_every_read_ends_inside_one()
    {
        await using var socket = await _node.ClientAsync();
        var start = TestFrame.Text(RoundTrip[..10], fin: false);
        var end = TestFrame.Build(0, Encoding.UTF8.GetBytes(RoundTrip[10..]));
        await socket.SendBytesAsync([.. TestFrame.Text(RoundTrip), .. start], cancellation: Cancel);
        await HostileNode.ReadAsync(socket, "unsubscribed");
        for (var i = 0; i < 5; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(20));
            await socket.SendBytesAsync([.. end, .. start], cancellation: Cancel);
            await HostileNode.ReadAsync(socket, "unsubscribed");
        }

        await socket.SendBytesAsync(end, cancellation: Cancel);
        await HostileNode.ReadAsync(socket, "unsubscribed");
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_that_never_ends_the_connection_is_gone_2_seconds_after_the_close(bool peerCloses)
    {
        await using var socket = await _node.ClientAsync();
        await socket.SendBytesAsync(peerCloses ? TestFrame.Close(1000) : TestFrame.Text("a", masked: false), cancellation: Cancel);
        Assert.Equal(peerCloses ? 1000 : 1002, (await socket.ReceiveCloseAsync(Cancel)).CloseCode);
        Assert.Equal(3, _node.ConnectionActors());
        await _node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await _node.HasCountedAsync(peerCloses ? [] : ["broker.connections.closed 1002 protocol error = 1"]);
    }

    [Fact]
    public async Task The_bucket_takes_its_burst_and_refills_at_its_rate()
    {
        await _node.AdvanceAsync(TimeSpan.FromSeconds(3));
        await using var socket = await _node.ClientAsync();
        var publish = TestFrame.Text("""{"type":"publish","topic":"t","data":1,"id":1}""");
        await socket.SendBytesAsync([.. Enumerable.Repeat(publish, 125).SelectMany(static frame => frame)], cancellation: Cancel);
        var (published, limited) = (0, 0);
        while (published + limited < 125)
        {
            var answer = System.Text.Json.JsonDocument.Parse(await socket.ReceiveTextAsync(Cancel)).RootElement;
            if (answer.GetProperty("type").GetString() == "published")
            {
                published++;
                continue;
            }

            limited++;
            Assert.Equal("rate_limited", answer.GetProperty("code").GetString());
            Assert.Equal("Rate limit exceeded", answer.GetProperty("error").GetString());
            Assert.Equal(17, answer.GetProperty("retryAfter").GetInt32());
            Assert.Equal("t", answer.GetProperty("topic").GetString());
            Assert.Equal(1, answer.GetProperty("id").GetInt32());
        }

        Assert.Equal((120, 5), (published, limited));
        await _node.AdvanceAsync(TimeSpan.FromMilliseconds(17));
        await socket.SendBytesAsync([.. publish, .. publish], cancellation: Cancel);
        var answers = new[] { await socket.ReceiveTextAsync(Cancel), await socket.ReceiveTextAsync(Cancel) };
        Assert.Single(answers, static answer => answer.Contains("published", StringComparison.Ordinal));
        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync("broker.requests.refused rate_limited = 6");
    }

    [Fact]
    public async Task Ten_times_the_rate_for_three_seconds_is_abuse()
    {
        await using var socket = await _node.ClientAsync();
        var second = Enumerable.Repeat(TestFrame.Text("""{"type":"publish","topic":"t","data":1}"""), 600).SelectMany(static frame => frame).ToArray();
        for (var i = 0; i < 3; i++)
        {
            await socket.SendBytesAsync([.. second, .. TestFrame.Text(RoundTrip)], cancellation: Cancel);
            var end = await socket.ReceiveUntilAsync(static frame => frame.IsClose || frame.Text.Contains("unsubscribed", StringComparison.Ordinal), Cancel);
            Assert.False(end.IsClose, end.ToString());
            await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await socket.SendBytesAsync(second, cancellation: Cancel);
        var close = await socket.ReceiveCloseAsync(Cancel);
        Assert.Equal((1008, "abuse"), (close.CloseCode, close.CloseReason));
        await socket.DisposeAsync();

        // Of 600 a second 120 are taken, then 60 a second; the first one refused in the fourth second is the last.
        await _node.HasCountedAsync("broker.abuse rate = 1", "broker.connections.closed 1008 abuse = 1", $"broker.requests.refused rate_limited = {480 + 540 + 540 + 1}");
    }

    [Fact]
    public async Task Ping_is_answered_once_a_second()
    {
        await using var socket = await _node.ClientAsync();
        for (var i = 0; i < 3; i++)
        {
            await socket.SendTextAsync("""{"type":"ping","id":"a"}""", Cancel);
            Assert.Equal("a", (await HostileNode.ReadAsync(socket, "pong")).GetProperty("id").GetString());
            await socket.SendTextAsync("""{"type":"ping"}""", Cancel);
            Assert.Equal(1000, (await HostileNode.ReadErrorAsync(socket, "rate_limited")).GetProperty("retryAfter").GetInt32());
            await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await HostileNode.LeaveAsync(socket);
        await _node.HasCountedAsync("broker.requests.refused rate_limited = 3");
    }
}
