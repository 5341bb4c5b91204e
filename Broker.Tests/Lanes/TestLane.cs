using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Membership;
using Broker.Tests.Support;

namespace Broker.Tests.Lanes;

/// <summary>Logs of one lane on their own, with a node's memory where that is not what is tested.</summary>
internal static class TestLane
{
    public static LaneTopics Create(FanOutPool pool, int lagLimit, MessageDeflateOptions? deflate = null, LogMemory? memory = null, int lane = 0, BrokerMetrics? metrics = null, int maxPatterns = 1000)
    {
        metrics ??= RecordedMetrics.Unobserved();
        memory ??= new LogMemory(1L << 40, 1, static _ => { });
        return new LaneTopics(pool, lagLimit, maxPatterns, deflate ?? new MessageDeflateOptions(), new LaneMemory(memory, lane, metrics), metrics, Fence.None);
    }
}
