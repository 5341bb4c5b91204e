using System.Diagnostics;
using System.Net.WebSockets;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary><c>subscribed</c> is a promise: what is published anywhere after it arrives, once and in order, from the first moment on.</summary>
public sealed class PromiseSpecs : ProcessClusterSpecs
{
    private const int Messages = 10_000;
    private const string Topic = "promise.kept";

    private static int Rounds => Full ? 50 : 2;

    [Fact]
    public async Task First_subscriber_of_a_node_that_has_just_started_gets_everything()
    {
        var first = await StartAsync(null);
        var publisher = await ConnectAsync(first);
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await using var third = await NodeProcess.LaunchAsync(["--seed", first.Cluster], Cancellation);
            await using var listener = await SubscribeWhenServedAsync(third);
            var served = Stopwatch.GetElapsedTime(started);

            await Talker.PublishAsync(publisher, Topic, "a", Messages, Cancellation);

            await AssertAllAsync(listener, "a");
            Report($"round {round}: served after {served.TotalSeconds:F2} s, all after {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s");
            await StopAsync(third, listener);
        }
    }

    [Fact]
    public async Task First_subscriber_gets_everything_from_a_node_that_started_together_with_its_own()
    {
        var first = await StartAsync(null);
        var publisher = await ConnectAsync(first);
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var nodes = await Task.WhenAll(
                NodeProcess.LaunchAsync(["--seed", first.Cluster], Cancellation),
                NodeProcess.LaunchAsync(["--seed", first.Cluster], Cancellation));
            await using var second = nodes[0];
            await using var third = nodes[1];
            var served = await Task.WhenAll(ConnectWhenServedAsync(second), SubscribedWhenServedAsync(third));
            await using var other = served[0];
            await using var listener = await Listener.SubscribeAsync(served[1], Topic, Cancellation);
            var both = Stopwatch.GetElapsedTime(started);

            await Task.WhenAll(
                Talker.PublishAsync(publisher, Topic, "a", Messages, Cancellation),
                Talker.PublishAsync(other, Topic, "b", Messages, Cancellation));

            await AssertAllAsync(listener, "a", "b");
            Report($"round {round}: both served after {both.TotalSeconds:F2} s, all after {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s");
            await Task.WhenAll(StopAsync(second, other), StopAsync(third, listener));
        }
    }

    private async Task AssertAllAsync(Listener listener, params string[] publishers)
    {
        await listener.UntilAsync(it => publishers.All(publisher => it.Last(publisher) == Messages - 1), Cancellation);
        Assert.Empty(listener.Faults);
        Assert.Equal(0, listener.Gaps);
        Assert.All(publishers, publisher => Assert.Equal(0, listener.First(publisher)));
    }

    private async Task<Listener> SubscribeWhenServedAsync(NodeProcess node) =>
        await Listener.SubscribeAsync(await ConnectWhenServedAsync(node), Topic, Cancellation);

    /// <summary>Already subscribed when it returns, so that whatever the other node does meanwhile falls after the promise.</summary>
    private async Task<JsonClient> SubscribedWhenServedAsync(NodeProcess node)
    {
        var client = await ConnectWhenServedAsync(node);
        await client.SubscribeAsync(Topic, Cancellation);
        return client;
    }

    /// <summary>Asks until the node takes clients, so as not to miss the first moment.</summary>
    private async Task<JsonClient> ConnectWhenServedAsync(NodeProcess node)
    {
        while (true)
        {
            try
            {
                return await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
            }
            catch (WebSocketException refused) when (refused.Message.Contains("503", StringComparison.Ordinal))
            {
                Cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    private async Task StopAsync(NodeProcess node, IAsyncDisposable client)
    {
        await client.DisposeAsync();
        node.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await node.WaitForExitAsync(Cancellation));
    }
}
