using Broker.Bench.EndToEnd;

namespace Broker.Tests.Bench;

public sealed class ReportSpecs
{
    [Fact]
    public void Cells_have_the_median_and_its_ratio_to_nats_and_goals_where_there_are_some()
    {
        var text = Markdown(Of("broker", 1, 1), Of("broker", 2, 2), Of("broker", 3, 3), Of("nats", 1, 2), Of("nats", 2, 4), Of("nats", 3, 6));

        Assert.Contains("| scenario | Broker | NATS | goal |\n|---|---|---|---|\n| F16: 1 publisher to 1,000, 16 in flight | 2.00 (0.50) | 4.00 | ≤ 0.33 |\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Peers_and_scenarios_without_measurements_have_no_column_and_no_row()
    {
        var text = Markdown(Of("broker", 1, 1));

        Assert.DoesNotContain("NATS |", text, StringComparison.Ordinal);
        Assert.DoesNotContain("R10", text, StringComparison.Ordinal);
        Assert.Contains("| 1.00 | ≤ 0.33 |", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_failed_leaves_a_dash_and_its_reason()
    {
        var text = Markdown(Of("nats", 1, 1), new Measurement("F16", "broker", 1, null, "it ended\nearly"));

        Assert.Contains("| – | 1.00 | ≤ 0.33 |", text, StringComparison.Ordinal);
        Assert.EndsWith("## Not measured\n\n- F16, broker, run 1: it ended early\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Peers_of_several_nodes_are_named_with_what_connects_them()
    {
        var text = Markdown(Of("ws", 1, 1) with { Scenario = "X1" });

        Assert.Contains("| scenario | Node ws + Redis |", text, StringComparison.Ordinal);
    }

    private static Measurement Of(string peer, int run, double cpu) => new("F16", peer, run, new LoadResult { CpuUsPerDelivery = cpu }, null);

    private static string Markdown(params Measurement[] measurements) => new Report(Peers.All, measurements).Markdown();
}
