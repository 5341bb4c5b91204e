using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Broker.Tests.Cluster;
using Broker.Tests.Configuration;
using Broker.Tests.Conformance;
using Broker.Tests.Connections;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A tenth of the subscribers stops reading: they are cut, and the others get everything, in order.</summary>
[Collection(NodeProcesses.Name)]
public sealed class SlowSpecs
{
    private const string Fast = """
        broker.rate { messages = 1000000
          burst = 1000000
          control = 1000000
          control-burst = 1000000 }
        broker.limits.accepts-per-second = 1000000
        broker.limits.connections-per-address = 100000

        """;

    [Theory]
    [InlineData(300, false)]
    [InlineData(50, true)]
    public async Task Twenty_of_two_hundred_are_cut_after_a_mebibyte_or_ten_seconds(int pushes, bool wait)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Fast, wait ? TokenForge.Clock() : null);
        var before = node.Metrics.All;
        var (sent, padding) = (new long[pushes + 1], new string('a', 20_000));
        var crowd = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => CrowdMember.SubscribeAsync("127.0.0.1", node.Port, "flood", Deadline.Cancel)));
        await using var publisher = await node.ClientAsync();
        var number = 0;
        while (number < pushes && node.ConnectionActors() > 2 + 181)
        {
            sent[++number] = Stopwatch.GetTimestamp();
            await publisher.SendTextAsync(Publish(padding, number), Deadline.Cancel);
            await HostileNode.ReadAsync(publisher, "published");
            await Task.WhenAll(crowd.Skip(20).Select(member => member.ReadAsync(number, sent, null, Deadline.Cancel)));
        }

        if (wait)
        {
            // A megabyte: more than the sockets take, less than the byte limit on top of it.
            Assert.Equal(2 + 201, node.ConnectionActors());
            for (var i = 0; i < 16; i++)
            {
                await node.AdvanceAsync(TimeSpan.FromSeconds(1));
            }
        }

        await Transport.Eventually.IsTrueAsync(() => node.ConnectionActors() == 2 + 181, "only those that read are left");
        foreach (var member in crowd.Take(20))
        {
            await member.ReadAsync(int.MaxValue, sent, null, Deadline.Cancel);
            Assert.True(member.CloseCode is 1013 or 1006 && member.Last < number, $"close {member.CloseCode} after {member.Last} of {number}");
        }

        Assert.All(crowd.Skip(20), member => Assert.Equal((number, 0), (member.Last, member.CloseCode)));
        Array.ForEach(crowd, static member => member.Dispose());
        await publisher.DisposeAsync();
        await node.IsUnharmedAsync();
        Assert.Equal(["broker.connections.closed 1013 slow consumer = 20"], node.Metrics.Since(before));
    }

    /// <summary>A node of its own process; 1,000 of 10,000 where <c>BROKER_TESTS_FULL=1</c>.</summary>
    [Fact]
    public async Task A_tenth_of_the_crowd_is_cut_and_the_nodes_memory_is_back()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (size, rate, quiet, pushes) = Exchange.Full ? (10_000, 4, 40, 180) : (200, 100, 100, 400);
        using var files = new TemporaryDirectory();

        // Who does not read answers no ping either: that would cut it first.
        var config = files.Write("slow.conf", "include \"built-in/broker.conf\"\nbroker.heartbeat.interval = 10m\n" + Fast);
        await using var node = await NodeProcess.StartAsync(["--config", config], cancel);
        var (host, port) = (node.WebSocket.Host, node.WebSocket.Port);
        var crowd = new CrowdMember[size];
        await Parallel.ForAsync(0, size, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancel }, async (i, _) => crowd[i] = await CrowdMember.SubscribeAsync(host, port, "flood", cancel));
        await using var publisher = await RawWebSocket.ConnectAsync(host, port, cancellation: cancel);
        await HostileNode.ReadWithinAsync(publisher, "welcome", cancel);

        var sent = new long[pushes + 1];
        var latencies = new ConcurrentQueue<(int Number, long Ticks)>();
        var stalled = size / 10;
        var reads = crowd.Select((member, i) => member.ReadAsync(i < stalled ? quiet : pushes, sent, latencies, cancel)).ToArray();
        var padding = new string('a', 8_000);
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
        var (resident, peak) = (0L, 0L);
        for (var i = 1; i <= pushes; i++)
        {
            await pace.WaitForNextTickAsync(cancel);
            sent[i] = Stopwatch.GetTimestamp();
            await publisher.SendTextAsync(Publish(padding, i), cancel);
            await HostileNode.ReadWithinAsync(publisher, "published", cancel);
            resident = i <= quiet ? Math.Max(resident, node.ResidentBytes) : resident;
            peak = Math.Max(peak, node.ResidentBytes);
        }

        await Task.WhenAll(reads);
        var since = Stopwatch.GetTimestamp();
        Assert.All(crowd.Skip(stalled), member => Assert.Equal((pushes, 0), (member.Last, member.CloseCode)));
        foreach (var member in crowd.Take(stalled))
        {
            await member.ReadAsync(int.MaxValue, sent, null, cancel);
            Assert.True(member.CloseCode is 1013 or 1006 && member.Last < pushes, $"close {member.CloseCode} after {member.Last} of {pushes}");
        }

        while (node.ResidentBytes > resident + (64 << 20) && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30))
        {
            await pace.WaitForNextTickAsync(cancel);
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"p99 {Percentile(latencies, number => number > quiet / 4 && number <= quiet)} before, {Percentile(latencies, number => number > quiet)} with {stalled} of {size} stalled; "
            + $"resident {resident >> 20} MiB before, {peak >> 20} at most, {node.ResidentBytes >> 20} after {Stopwatch.GetElapsedTime(since)}");
        Assert.InRange(peak - resident, long.MinValue, 1200L << 20);
        Assert.InRange(node.ResidentBytes - resident, long.MinValue, 64 << 20);
        Array.ForEach(crowd, static member => member.Dispose());
    }

    private static TimeSpan Percentile(IEnumerable<(int Number, long Ticks)> latencies, Func<int, bool> counts)
    {
        var ticks = latencies.Where(one => counts(one.Number)).Select(static one => one.Ticks).Order().ToArray();
        return Stopwatch.GetElapsedTime(0, ticks[ticks.Length * 99 / 100]);
    }

    private static string Publish(string padding, int number) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"type":"publish","topic":"flood","id":{{number}},"data":["{{padding}}","#{{number}}"]}""");
}
