using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Text.RegularExpressions;
using Broker.Tests.Cluster;
using Broker.Tests.Configuration;
using Broker.Tests.Conformance;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A tenth of the subscribers stops reading: they are cut, and the others get everything, in order.</summary>
[Collection(NodeProcesses.Name)]
public sealed partial class SlowSpecs
{
    private const string Fast = """
        broker.rate { messages = 1000000
          burst = 1000000
          control = 1000000
          control-burst = 1000000 }
        broker.limits.accepts-per-second = 1000000
        broker.limits.connections-per-address = 100000

        """;

    private const string Cut = "broker.connections.closed 1013 slow consumer";
    private const int Lag = 1 << 20;

    /// <summary>What kernels keep of one connection: 256 KiB to send and 64 KiB received, of which they make twice as much.</summary>
    private const int InKernels = 640 * 1024;

    private static readonly TimeSpan LagTime = TimeSpan.FromSeconds(10);

    /// <summary>For what the node does once a second and half a second, and for the machine.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData(300, false)]
    [InlineData(50, true)]
    public async Task Twenty_of_two_hundred_are_cut_after_a_mebibyte_or_ten_seconds(int pushes, bool wait)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Fast, wait ? TokenForge.Clock() : null);
        var (sent, padding) = (new long[pushes + 1], new string('a', 20_000));
        var crowd = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => CrowdMember.SubscribeAsync("127.0.0.1", node.Port, "flood", Deadline.Cancel)));
        await using var publisher = await node.ClientAsync();
        var number = 0;
        while (number < pushes && node.Metrics[Cut] < 20)
        {
            sent[++number] = Stopwatch.GetTimestamp();
            await publisher.SendTextAsync(Publish(padding, number), Deadline.Cancel);
            await HostileNode.ReadAsync(publisher, "published");
            await Task.WhenAll(crowd.Skip(20).Select(member => member.ReadAsync(number, sent, null, Deadline.Cancel)));
        }

        if (wait)
        {
            // A megabyte: more than the sockets take, less than the byte limit on top of it.
            for (var i = 0; i < 9; i++)
            {
                await node.AdvanceAsync(TimeSpan.FromSeconds(1));
            }

            Assert.Equal((0, 2 + 201), (node.Metrics[Cut], node.ConnectionActors()));
            for (var i = 0; i < 3; i++)
            {
                await node.AdvanceAsync(TimeSpan.FromSeconds(1));
            }
        }

        await Eventually.IsTrueAsync(() => node.Metrics[Cut] == 20, "those that do not read are cut");

        // Who reads again within the two seconds that the last bytes have is told.
        await Task.WhenAll(crowd.Take(10).Select(member => member.ReadAsync(int.MaxValue, sent, null, Deadline.Cancel)));
        Assert.All(crowd.Take(10), member => Assert.True(member.CloseCode == 1013 && member.Last < number, $"close {member.CloseCode} after {member.Last} of {number}"));

        // Of who does not, the kernel takes no byte more: the close frame stays behind what it has, and the connection is reset.
        for (var i = 0; wait && i < 3; i++)
        {
            await node.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await Eventually.IsTrueAsync(() => node.ConnectionActors() == 2 + 181, "only those that read are left");
        foreach (var member in crowd.Take(20).Skip(10))
        {
            await member.ReadAsync(int.MaxValue, sent, null, Deadline.Cancel);
            Assert.True(member.CloseCode == 1006 && member.Last < number, $"close {member.CloseCode} after {member.Last} of {number}");
        }

        Assert.All(crowd.Skip(20), member => Assert.Equal((number, 0), (member.Last, member.CloseCode)));
        Array.ForEach(crowd, static member => member.Dispose());
        await publisher.DisposeAsync();
        await node.HasCountedAsync($"{Cut} = 20");
    }

    /// <summary>Lanes write to their TLS streams themselves; what such a stream does not take at once is under way when the stage gets it.</summary>
    [Fact]
    public async Task Over_TLS_too_who_does_not_read_is_cut_and_the_others_get_everything()
    {
        const int Slow = 2;
        using var certificate = new TestCertificate();
        await using var node = await HostileNode.StartAsync(
            HostileNode.Open + Fast + certificate.Configuration, tls: new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = certificate.Policy });
        var crowd = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => node.ClientAsync()));
        foreach (var member in crowd)
        {
            await member.SendTextAsync("""{"type":"subscribe","topic":"flood","id":1}""", Deadline.Cancel);
            await HostileNode.ReadAsync(member, "subscribed");
        }

        await using var publisher = await node.ClientAsync();
        var padding = new string('a', 20_000);
        var number = 0;
        while (number < 500 && node.Metrics[Cut] < Slow)
        {
            await publisher.SendTextAsync(Publish(padding, ++number), Deadline.Cancel);
            await HostileNode.ReadAsync(publisher, "published");
            foreach (var member in crowd.Skip(Slow))
            {
                Assert.Equal($"#{number}", (await HostileNode.ReadAsync(member, "message")).GetProperty("data")[1].GetString());
            }
        }

        await Eventually.IsTrueAsync(() => node.Metrics[Cut] == Slow, "those that do not read are cut");
        foreach (var member in crowd.Take(Slow))
        {
            // Who reads again in time is told, behind what had been written.
            Assert.Equal(1013, (await member.ReceiveCloseAsync(Deadline.Cancel)).CloseCode);
        }

        foreach (var member in crowd)
        {
            await member.DisposeAsync();
        }

        await publisher.DisposeAsync();
        await node.HasCountedAsync($"{Cut} = {Slow}");
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
        var (resident, peak, cut, firstCut) = (0L, 0L, 0L, pushes);
        for (var i = 1; i <= pushes; i++)
        {
            await pace.WaitForNextTickAsync(cancel);
            sent[i] = Stopwatch.GetTimestamp();
            await publisher.SendTextAsync(Publish(padding, i), cancel);
            await HostileNode.ReadWithinAsync(publisher, "published", cancel);
            resident = i <= quiet ? Math.Max(resident, node.ResidentBytes) : resident;
            peak = Math.Max(peak, node.ResidentBytes);
            var closed = cut == 0 ? Closed(node) : stalled;
            firstCut = closed > 0 ? Math.Min(firstCut, i) : firstCut;
            cut = cut == 0 && closed == stalled ? sent[i] : cut;
        }

        // From the push on that no kernel can have taken, ten seconds; or up to the push that goes over a mebibyte more.
        var full = quiet + 1 + (InKernels / padding.Length);
        var over = full + (Lag / padding.Length);
        var due = sent[full] + (long)(LagTime.TotalSeconds * Stopwatch.Frequency);
        due = over < pushes ? Math.Min(due, sent[over]) : due;
        while (cut == 0 && Stopwatch.GetTimestamp() < due + (Margin.TotalSeconds * Stopwatch.Frequency))
        {
            await pace.WaitForNextTickAsync(cancel);
            cut = Closed(node) == stalled ? Stopwatch.GetTimestamp() : 0;
        }

        await Task.WhenAll(reads);
        var since = Stopwatch.GetTimestamp();
        Assert.All(crowd.Skip(stalled), member => Assert.Equal((pushes, 0), (member.Last, member.CloseCode)));
        foreach (var member in crowd.Take(stalled))
        {
            // The node has closed each with 1013. It reaches those only of which a kernel takes another byte; the others are reset.
            await member.ReadAsync(int.MaxValue, sent, null, cancel);
            Assert.True(member.CloseCode is 1013 or 1006 && member.Last < pushes, $"close {member.CloseCode} after {member.Last} of {pushes}");
        }

        while (node.ResidentBytes > resident + (64 << 20) && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30))
        {
            await pace.WaitForNextTickAsync(cancel);
        }

        var window = quiet / 4;
        var (before, beside) = (Best(latencies, window, quiet), Best(latencies, window, firstCut));
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"p99 {before} before, {beside} with {stalled} of {size} stalled; cut {Stopwatch.GetElapsedTime(due, cut)} after they were due; "
            + $"resident {resident >> 20} MiB before, {peak >> 20} at most, {node.ResidentBytes >> 20} after {Stopwatch.GetElapsedTime(since)}");
        Assert.True(cut != 0, $"{Closed(node)} of {stalled} were closed with 1013 in time");
        Assert.InRange(beside, TimeSpan.Zero, (before * 1.1) + TimeSpan.FromMilliseconds(1));
        Assert.InRange(peak - resident, long.MinValue, 1200L << 20);
        Assert.InRange(node.ResidentBytes - resident, long.MinValue, 64 << 20);
        Array.ForEach(crowd, static member => member.Dispose());
    }

    /// <summary>
    /// The best of the p99 of three windows of as many pushes that end with this one: what else runs on the machine makes single ones
    /// worse, but some that hold the others up would make all of them worse.
    /// </summary>
    private static TimeSpan Best(IReadOnlyCollection<(int Number, long Ticks)> latencies, int window, int last) =>
        Enumerable.Range(0, 3).Min(index =>
        {
            var end = last - (index * window);
            var ticks = latencies.Where(one => one.Number <= end && one.Number > end - window).Select(static one => one.Ticks).Order().ToArray();
            return Stopwatch.GetElapsedTime(0, ticks[ticks.Length * 99 / 100]);
        });

    /// <summary>How many connections the node's log says it has closed as slow; it has a line for some, and for the rest their number.</summary>
    private static int Closed(NodeProcess node)
    {
        var output = node.Output;
        Assert.Equal(ClosedLine().Count(output), SlowLine().Count(output));
        return SlowLine().Count(output) + MoreLine().Matches(output).Sum(static match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex("Closed connection ")]
    private static partial Regex ClosedLine();

    [GeneratedRegex("Closed connection [0-9a-f]+ of [^ ]+: 1013 slow consumer")]
    private static partial Regex SlowLine();

    [GeneratedRegex("([0-9]+) more connections were refused or closed")]
    private static partial Regex MoreLine();

    private static string Publish(string padding, int number) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"type":"publish","topic":"flood","id":{{number}},"data":["{{padding}}","#{{number}}"]}""");
}
