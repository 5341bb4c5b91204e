using System.Globalization;
using System.Text;

namespace Broker.Bench.EndToEnd;

/// <summary>The measurements as tables of Markdown: medians, and in brackets the ratio to NATS.</summary>
internal sealed class Report(IReadOnlyList<Peer> peers, IReadOnlyList<Measurement> measurements)
{
    private const string Reference = "nats";
    private const string Missing = "–";

    public string Markdown()
    {
        var text = new StringBuilder();
        foreach (var group in Scenarios.Groups)
        {
            var rows = group.Scenarios.Where(scenario => measurements.Any(m => m.Scenario == scenario.Name)).ToArray();
            if (rows.Length == 0)
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"## {group.Title}\n");
            foreach (var metric in group.Metrics)
            {
                Table(text, metric, rows);
            }

            text.Append('\n');
        }

        var failures = measurements.Where(m => m.Error is not null).ToArray();
        if (failures.Length > 0)
        {
            text.Append("## Not measured\n\n");
            foreach (var failure in failures)
            {
                text.Append(CultureInfo.InvariantCulture, $"- {failure.Scenario}, {failure.Peer}, run {failure.Run}: {failure.Reason}\n");
            }
        }

        return text.ToString();
    }

    private void Table(StringBuilder text, Metric metric, Scenario[] rows)
    {
        var columns = peers.Where(peer => rows.Any(row => measurements.Any(m => m.Scenario == row.Name && m.Peer == peer.Name))).ToArray();
        var goals = rows.Any(row => row.Goals.ContainsKey(metric));
        text.Append(CultureInfo.InvariantCulture, $"\n### {metric.Title}\n\n| scenario |");
        foreach (var peer in columns)
        {
            text.Append(CultureInfo.InvariantCulture, $" {peer.Title(rows[0].Nodes)} |");
        }

        text.Append(goals ? " goal |\n" : "\n").Append("|---|").Insert(text.Length, "---|", columns.Length + (goals ? 1 : 0)).Append('\n');
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Name}: {row.Description} |");
            foreach (var peer in columns)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Cell(metric, row, peer)} |");
            }

            text.Append(goals ? $" {row.Goals.GetValueOrDefault(metric, Missing)} |\n" : "\n");
        }
    }

    private string Cell(Metric metric, Scenario scenario, Peer peer)
    {
        var values = Values(metric, scenario, peer.Name);
        if (Statistics.Median(values.Values) is not { } median)
        {
            return Missing;
        }

        var text = median.ToString(metric.Format, CultureInfo.InvariantCulture);
        var ratio = peer.Name == Reference ? null : Statistics.MedianRatio(values, Values(metric, scenario, Reference));
        return ratio is null ? text : string.Create(CultureInfo.InvariantCulture, $"{text} ({ratio:0.00})");
    }

    private Dictionary<int, double> Values(Metric metric, Scenario scenario, string peer) => measurements
        .Where(m => m.Scenario == scenario.Name && m.Peer == peer && m.Result is not null)
        .Select(m => (m.Run, Value: metric.Value(m.Result!)))
        .Where(m => m.Value is not null)
        .ToDictionary(m => m.Run, m => m.Value!.Value);
}
