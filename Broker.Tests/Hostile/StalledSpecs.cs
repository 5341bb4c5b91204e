using System.Net.Sockets;
using Broker.Node.Configuration.Options;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>One subscriber that stops reading, or reads a byte a second, on a clock that the test moves.</summary>
public sealed class StalledSpecs(FakeNode shared) : IClassFixture<FakeNode>
{
    private const int Entry = 20_000;
    private const string Cut = "broker.connections.closed 1013 slow consumer";

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_a_mebibyte_behind_and_gone_2_s_later()
    {
        var cuts = _node.Metrics[Cut];
        await using var socket = await SubscribedAsync();
        var published = 0;
        while (_node.Metrics[Cut] == cuts)
        {
            Assert.InRange(published, 0, 200);
            published++;
            await PublishAsync();
        }

        // What is beyond the bound lies in the buffers of the two sockets: what the kernel allows there, and one chunk being sent.
        using var reference = new Socket(SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = 256 * 1024 };
        var buffers = reference.SendBufferSize + socket.Socket.ReceiveBufferSize + (64 * 1024);
        TestContext.Current.TestOutputHelper!.WriteLine($"cut after {published * Entry} bytes; the sockets hold up to {buffers}");
        Assert.InRange(published * Entry, new LimitOptions().Lag, new LimitOptions().Lag + buffers + (3 * Entry));

        // The last bytes cannot go out either: it has two seconds for them.
        Assert.Equal(3, _node.ConnectionActors());
        await _node.AdvanceAsync(TimeSpan.FromSeconds(1.9));
        Assert.Equal(3, _node.ConnectionActors());
        await _node.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        await _node.IsUnharmedAsync();
        Assert.True((await socket.ReceiveUntilAsync(static frame => frame.IsEnd, Cancel)).IsEnd);
        Assert.Equal(cuts + 1, _node.Metrics[Cut]);
    }

    [Fact]
    public async Task A_client_that_reads_a_byte_a_second_is_cut_at_ten_seconds()
    {
        var cuts = _node.Metrics[Cut];
        await using var socket = await SubscribedAsync();

        // More than the sockets take, less than the bound on top of it.
        for (var i = 0; i < 50; i++)
        {
            await PublishAsync();
        }

        Assert.Equal(cuts, _node.Metrics[Cut]);
        var seconds = 0;
        while (_node.Metrics[Cut] == cuts)
        {
            Assert.Equal(1, await socket.Socket.ReceiveAsync(new byte[1], SocketFlags.None, Cancel));
            await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.InRange(++seconds, 1, 12);
        }

        // Ten, and what the look at it every half a second adds.
        Assert.InRange(seconds, 10, 11);
        await _node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await _node.IsUnharmedAsync();
        Assert.Equal(cuts + 1, _node.Metrics[Cut]);
    }

    private async Task<RawWebSocket> SubscribedAsync()
    {
        var socket = await _node.ClientAsync();
        socket.Socket.ReceiveBufferSize = 64 * 1024;
        await socket.SendTextAsync("""{"type":"subscribe","topic":"stalled"}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        return socket;
    }

    private async Task PublishAsync()
    {
        await _node.Api.PublishAsync("stalled", new string('a', Entry), cancellationToken: Cancel);

        // Both go the way that the cut takes: to a connection's actor.
        await _node.Canary.BeatAsync();
    }
}
