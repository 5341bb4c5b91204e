using Broker.Bench.EndToEnd;

namespace Broker.Tests.Bench;

public sealed class LoadResultSpecs
{
    [Fact]
    public void The_line_of_a_load_is_read()
    {
        var result = LoadResult.Parse("""
            {"name":"a/F1","connections":50,"connections_per_s":2628,"cpu_us_per_connection":200.0,"rss_kb_per_connection":46.08,"rss_mb":13.8,"deflating":0,"deliveries":934944,"publishes_per_s":18690,"deliveries_per_s":934249,"cpu_us_per_delivery":1.0482,"server_cpu":0.979,"load_cpu":0.335,"p50_us":728,"p99_us":5248,"p999_us":14848,"max_us":24040,"frames_per_s":56237,"mb_per_s":108.60,"rss_loaded_mb":17.8,"dead":1}
            """);

        Assert.Equal((50, 2628, 200, 46.08, 1), (result.Connections, result.ConnectionsPerS, result.CpuUsPerConnection, result.RssKbPerConnection, result.Dead));
        Assert.Equal((934249, 1.0482, 728, 5248), (result.DeliveriesPerS, result.CpuUsPerDelivery, result.P50, result.P99));
        Assert.Equal((14848, 24040, 108.6, 17.8), (result.P999, result.Max, result.MbPerS, result.RssLoadedMb));
    }

    [Fact]
    public void What_was_not_measured_is_null() =>
        Assert.Null(LoadResult.Parse("""{"name":"a/IDLE","connections":50,"dead":0}""").CpuUsPerDelivery);

    [Theory]
    [InlineData("")]
    [InlineData("connect: refused")]
    [InlineData("null")]
    [InlineData("""{"connections":""")]
    public void Anything_else_is_refused(string line) => Assert.Throws<BenchException>(() => LoadResult.Parse(line));
}
