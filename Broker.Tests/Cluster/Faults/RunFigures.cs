using System.Globalization;
using Broker.Tests.Checker;

namespace Broker.Tests.Cluster.Faults;

/// <summary>What a run was like for its clients, for people.</summary>
internal static class RunFigures
{
    public static string Of(IReadOnlyList<HistoryEvent> history)
    {
        var facts = new HistoryFacts(history);
        var answers = history.Where(what => what.Kind is EventKind.Published or EventKind.Refused && facts.Find(what.Call)?.Asked.Kind == EventKind.Publish)
            .CountBy(static what => what.Code ?? "acknowledged").OrderBy(static count => count.Key).Select(static count => $"{count.Value} {count.Key}");
        var lost = history.Count(what => what.Kind == EventKind.Lost && facts.Find(what.Call)?.Asked.Kind == EventKind.Publish);
        var recovered = history.Where(static what => what is { Kind: EventKind.Subscribed, Recovered: not null }).CountBy(static what => what.Recovered == true).ToDictionary();
        var epochs = history.Where(static what => what.Epoch is not null).Select(what => (what.Topic ?? facts.Find(what.Call)?.Asked.Topic, what.Epoch)).Distinct().Count();
        string[] lines =
        [
            string.Create(CultureInfo.InvariantCulture, $"{history[^1].At / 1e6:F0} s; publishes: {string.Join(", ", answers)}, {lost} lost with their connection"),
            $"recovered: {recovered.GetValueOrDefault(true)} true, {recovered.GetValueOrDefault(false)} false; {history.Count(static what => what.Kind == EventKind.Message)} messages; {history.Count(static what => what.Kind == EventKind.Gap)} gaps; {epochs} epochs of {facts.Topics.Count()} topics",
            .. Faults(history, facts),
        ];
        return string.Join('\n', lines);
    }

    /// <summary>The longest time in which nobody was acknowledged anything, from each fault to the next: on any topic, and on the one with the longest.</summary>
    private static IEnumerable<string> Faults(IReadOnlyList<HistoryEvent> history, HistoryFacts facts)
    {
        var faults = Enumerable.Range(0, history.Count).Where(line => history[line].Kind == EventKind.Fault).ToList();
        foreach (var (i, line) in faults.Index())
        {
            var end = i + 1 < faults.Count ? faults[i + 1] : history.Count - 1;
            Dictionary<string, (long Last, long Longest)> topics = facts.Topics.ToDictionary(static topic => topic.Topic!, _ => (history[line].At, 0L));
            var all = (Last: history[line].At, Longest: 0L);
            for (var at = line; at <= end; at++)
            {
                if (history[at].Kind == EventKind.Published && facts.Find(history[at].Call)?.Asked.Topic is { } topic)
                {
                    topics[topic] = Next(topics[topic], history[at].At);
                    all = Next(all, history[at].At);
                }
            }

            var longest = topics.MaxBy(static topic => topic.Value.Longest);
            var waited = topics.Values.Select(static topic => topic.Longest).Order().ToList();
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{history[line].At / 1e6,6:F1} s {history[line].Code} {string.Join('+', history[line].Names!)}: longest without an acknowledgement {all.Longest / 1e6:F2} s; of a topic {longest.Value.Longest / 1e6:F2} s ({longest.Key}), half of them {waited[waited.Count / 2] / 1e6:F2} s or less");
        }
    }

    private static (long Last, long Longest) Next((long Last, long Longest) time, long at) => (at, Math.Max(time.Longest, at - time.Last));
}
