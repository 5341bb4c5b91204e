namespace Broker.Bench.EndToEnd;

/// <summary>One figure of a result, as a table shows it.</summary>
/// <param name="Title">With its unit.</param>
/// <param name="Value">Null: not measured.</param>
/// <param name="Format">A format of .NET.</param>
internal sealed record Metric(string Title, Func<LoadResult, double?> Value, string Format)
{
    public static readonly Metric Cpu = new("Server CPU per delivery, µs", result => result.CpuUsPerDelivery, "0.00");

    public static readonly Metric Deliveries = new("Deliveries a second", result => result.DeliveriesPerS, "#,0");

    public static readonly Metric Median = new("Latency p50, µs", result => result.P50, "#,0");

    public static readonly Metric Tail = new("Latency p99, µs", result => result.P99, "#,0");

    public static readonly Metric Memory = new("Memory of an idle connection, KiB", result => result.RssKbPerConnection, "0.0");

    public static readonly Metric Opening = new("Connections opened and subscribed a second", result => result.ConnectionsPerS, "#,0");

    public static readonly Metric OpeningCpu = new("Server CPU per connection opened, µs", result => result.CpuUsPerConnection, "#,0");

    public static readonly Metric Frames = new("Frames received by the clients a second", result => result.FramesPerS, "#,0");

    public static readonly Metric Bytes = new("Received by the clients, MB a second", result => result.MbPerS, "#,0.0");
}
