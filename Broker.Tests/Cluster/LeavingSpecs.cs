using System.Diagnostics;
using System.Net;
using Broker.Node.Configuration.Options;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>A node goes in order: by its own will it takes its time with its clients, by another's word it does not.</summary>
public sealed class LeavingSpecs : ProcessClusterSpecs
{
    private const string Topic = "leaving.load";

    [Fact]
    public async Task Terminated_node_spreads_its_closes_and_leaves_without_a_gap()
    {
        Configure("broker.drain.time = 4s");
        var nodes = await StartThreeAsync();
        var (first, second, third) = (nodes[0], nodes[1], nodes[2]);
        var atFirst = await ListenAsync(first, Topic);
        var atThird = await ListenAsync(third, Topic);
        var clients = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ListenAsync(second, Topic)));
        var one = await TalkAsync(first, Topic, "one");
        var two = await TalkAsync(second, Topic, "two");
        await Task.WhenAll(clients.Append(atFirst).Append(atThird).Select(it => it.UntilAsync(static it => it.Last("one") > 10 && it.Last("two") > 10, Cancellation)));

        var terminated = Stopwatch.GetTimestamp();
        second.Signal(UnixSignal.Terminate);
        while (await second.HealthAsync("ready", Cancellation) == HttpStatusCode.OK)
        {
            Assert.InRange(Stopwatch.GetElapsedTime(terminated), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }

        var unready = Stopwatch.GetElapsedTime(terminated);
        var ends = await Task.WhenAll(clients.Select(client => client.Ended)).WaitAsync(Cancellation);
        await two.Running.WaitAsync(Cancellation);
        var exitCode = await second.WaitForExitAsync(Cancellation);
        var ended = Stopwatch.GetElapsedTime(terminated);

        var closes = ends.Select(end => Stopwatch.GetElapsedTime(terminated, end.At).TotalSeconds).Order().ToArray();
        Report($"unready after {unready.TotalMilliseconds:F0} ms; closes from {closes[0]:F2} s to {closes[^1]:F2} s, half by {closes[100]:F2} s; ended after {ended.TotalSeconds:F2} s");
        Assert.Equal(0, exitCode);
        Assert.InRange(ended, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.All(ends, end => Assert.Equal(1012, end.Code));
        Assert.All(ends, end => Assert.Equal(1012, end.Farewell!.Value.GetProperty("code").GetInt32()));
        Assert.InRange(closes[100], 1, 3.5);
        Assert.InRange(closes[^1] - closes[0], 3, 6);

        // Ready again at its address: the former one is no member any more, and a gap for it would have come before.
        var again = await StartAgainAsync(second, first);
        await AssertFlowsAsync("leaving.after", first, again, third);
        var last = await one.StopAsync();
        foreach (var listener in new[] { atFirst, atThird })
        {
            await listener.UntilAsync(it => it.Last("one") == last && it.Last("two") >= two.LastAcknowledged, Cancellation);
            Assert.Empty(listener.Faults);
            Assert.Equal(0, listener.Gaps);
        }
    }

    [Fact]
    public async Task Node_made_to_leave_by_another_closes_its_clients_at_once_and_ends()
    {
        Configure("broker.drain.time = 30s");
        var first = await StartAsync(null);
        var second = await StartAsync(first);
        var atFirst = await ListenAsync(first, Topic);
        var clients = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ListenAsync(second, Topic)));
        await using var other = new LaneNode(new LaneOptions(), "akka.remote.dot-netty.tcp.applied-adapters = []");
        await other.Cluster.JoinAsync(AddressOf(other, first), Cancellation);
        await other.ReadyAsync();

        var told = Stopwatch.GetTimestamp();
        other.Cluster.Leave(AddressOf(other, second));
        var ends = await Task.WhenAll(clients.Select(client => client.Ended)).WaitAsync(Cancellation);
        var exitCode = await second.WaitForExitAsync(Cancellation);

        var closes = ends.Select(end => Stopwatch.GetElapsedTime(told, end.At).TotalSeconds).Order().ToArray();
        Report($"closes from {closes[0]:F2} s to {closes[^1]:F2} s; ended after {Stopwatch.GetElapsedTime(told).TotalSeconds:F2} s with {exitCode}");
        Assert.All(ends, end => Assert.Equal(1012, end.Code));
        Assert.InRange(closes[^1], 0, 5);
        Assert.InRange(closes[^1] - closes[0], 0, 1);
        Assert.NotEqual(0, exitCode);

        var again = await StartAgainAsync(second, first);
        await AssertFlowsAsync("leaving.after", first, again);
        Assert.Equal(0, atFirst.Gaps);
    }

    private static Akka.Actor.Address AddressOf(LaneNode system, NodeProcess node)
    {
        var parts = node.Cluster.Split(':');
        return system.Address.WithHost(parts[0]).WithPort(int.Parse(parts[1], null));
    }
}
