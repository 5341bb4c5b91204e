using System.Diagnostics.Metrics;

namespace Broker.Node;

/// <summary>Instruments of the meter <c>Broker</c>.</summary>
internal static class BrokerMetrics
{
    private static readonly Meter Meter = new("Broker");

    /// <summary>Round trip of the heartbeat's ping, in seconds.</summary>
    public static readonly Histogram<double> Latency = Meter.CreateHistogram<double>("broker.connection.latency", "s", "Round trip of a ping to a client");
}
