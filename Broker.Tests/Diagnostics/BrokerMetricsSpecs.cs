using System.Text.RegularExpressions;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.Diagnostics;

public sealed partial class BrokerMetricsSpecs
{
    [Fact]
    public void Every_refusal_has_one_count_and_all_together_are_few()
    {
        using var recorded = new RecordedMetrics();
        var calls = CountEverything(recorded.Metrics);
        Assert.Equal(calls, recorded.All.Count);
        Assert.All(recorded.All, static count => Assert.Equal(1, count.Value));
        Assert.InRange(calls, 50, 200);
        Assert.Equal(1, recorded["broker.handshakes.refused too_large"]);
        Assert.All(recorded.All.Keys.Where(static name => !name.StartsWith("broker.connections.closed", StringComparison.Ordinal)), static name => Assert.Matches(Name(), name));
    }

    /// <summary>Counts everything that can be refused or closed, once.</summary>
    /// <returns>How many counts that are.</returns>
    internal static int CountEverything(BrokerMetrics metrics)
    {
        var calls = 0;
        Each<AdmissionRefusal>(metrics.ConnectionRefused);
        Each<HandshakeRefusal>(metrics.HandshakeRefused);
        Each<TokenRefusal>(metrics.TokenRefused);
        Each<AbuseKind>(metrics.Abused);
        Each<ErrorCode>(metrics.RequestRefused);
        foreach (var field in typeof(DisconnectReasons).GetFields())
        {
            metrics.Closed((DisconnectReason)field.GetValue(null)!);
            calls++;
        }

        foreach (var policy in Enum.GetValues<SlowPolicy>())
        {
            metrics.MemoryCut(policy, 1);
            calls++;
            if (policy != SlowPolicy.Disconnect)
            {
                metrics.Skipped(policy, 1);
                calls++;
            }
        }

        metrics.Cut();
        return calls + 1;

        // The 0 of those that have a None is no refusal.
        void Each<T>(Action<T> count)
            where T : struct, Enum
        {
            foreach (var value in Enum.GetValues<T>().Where(static value => value.ToString() != "None"))
            {
                count(value);
                calls++;
            }
        }
    }

    [Fact]
    public void What_is_kept_and_the_totals_of_links_are_read_when_somebody_asks()
    {
        using var recorded = new RecordedMetrics();
        var names = ShowEverything(recorded.Metrics);
        Assert.Empty(recorded.All);
        recorded.Read();
        Assert.Equal(names.Select(static (name, i) => (name, i + 1L)), names.Select(name => (name, recorded[name])));
        Assert.Equal(names.Order(), recorded.All.Keys.Order());
        Assert.Equal(("By", "{topic}"), (recorded.Instruments["broker.memory.history"], recorded.Instruments["broker.topics.sequenced"]));
    }

    /// <summary>Shows 1, 2, 3 and so on as what is read.</summary>
    /// <returns>Its names, in this order.</returns>
    internal static string[] ShowEverything(BrokerMetrics metrics)
    {
        metrics.ShowLinks(static () => 1, static () => 2, static () => 3);
        metrics.ShowMemory(static () => 4, static () => 5);
        metrics.ShowHistory(static () => 6, static () => 7);
        return ["broker.links.gaps", "broker.links.skips", "broker.links.lost", "broker.memory.logs", "broker.memory.connections", "broker.memory.history", "broker.topics.sequenced"];
    }

    [Fact]
    public void Two_nodes_of_a_process_count_apart()
    {
        using var one = new RecordedMetrics();
        using var other = new RecordedMetrics();
        one.Metrics.Cut();
        Assert.Equal(1, one["broker.connections.closed 1006 heartbeat"]);
        Assert.Empty(other.All);
    }

    [Fact]
    public void Counting_a_refused_request_allocates_nothing()
    {
        var metrics = RecordedMetrics.Unobserved();
        metrics.RequestRefused(ErrorCode.RateLimited);
        metrics.ConnectionRefused(AdmissionRefusal.Rate);
        Assert.Equal(0, ThreadAllocation.Least(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                metrics.RequestRefused(ErrorCode.RateLimited);
                metrics.ConnectionRefused(AdmissionRefusal.Rate);
            }
        }));
    }

    [GeneratedRegex("^broker(\\.[a-z]+)+ [a-z_]+$")]
    private static partial Regex Name();
}
