namespace Broker.Tests.Checker.Rules;

/// <summary>I2, I4 and I17 of broadcast topics: per publisher in order, once, and what is missing is said.</summary>
internal static class BroadcastRules
{
    public static void Check(HistoryFacts facts, Report report)
    {
        var publishers = facts.Requests
            .Where(static request => request.Asked.Kind == EventKind.Publish)
            .GroupBy(static request => request.Asked.Topic!)
            .ToDictionary(static topic => topic.Key, static topic => topic.GroupBy(static request => request.Asked.Connection!).Select(static connection => connection.ToArray()).ToArray());
        foreach (var request in facts.Requests.Where(request => request.Asked.Kind == EventKind.Subscribe && !facts.IsSequenced(request.Asked.Topic)))
        {
            CheckSubscription(facts, report, request, publishers.GetValueOrDefault(request.Asked.Topic!, []));
        }
    }

    private static void CheckSubscription(HistoryFacts facts, Report report, Request request, Request[][] publishers)
    {
        Dictionary<string, int> seen = [];
        Dictionary<string, (int Published, int Line)> last = [];
        List<int> gaps = [];
        var (subscribed, ended) = (int.MaxValue, facts.Closed(request.Asked.Connection));
        foreach (var line in request.Lines)
        {
            var what = facts.History[line];
            switch (what.Kind)
            {
                case EventKind.Subscribed:
                    subscribed = line;
                    report.Require(what.Recovered != true, Invariant.Contiguity, "a broadcast topic cannot be recovered", request.Line, line);
                    break;
                case EventKind.Gap:
                    gaps.Add(line);
                    break;
                case EventKind.Unsubscribed:
                    ended = Math.Min(ended, line);
                    break;
                case EventKind.Message:
                    report.Require(seen.TryAdd(what.Id!, line), Invariant.NoDuplicate, $"{what.Id} came before", seen[what.Id!], line);
                    if (facts.Publishes.TryGetValue(what.Id!, out var publishes))
                    {
                        var publish = publishes[0];
                        report.Require(
                            !last.TryGetValue(publish.Asked.Connection!, out var before) || before.Published <= publish.Line,
                            Invariant.PublisherOrder,
                            $"{what.Id} came behind what its connection published later",
                            before.Published,
                            before.Line,
                            publish.Line,
                            line);
                        last[publish.Asked.Connection!] = (publish.Line, line);
                    }

                    break;
            }
        }

        foreach (var publisher in publishers)
        {
            CheckComplete(facts, report, publisher, seen, gaps, subscribed, ended);
        }
    }

    /// <summary>Backwards, because what is missing should have come before what its connection published next and came.</summary>
    private static void CheckComplete(HistoryFacts facts, Report report, Request[] publisher, Dictionary<string, int> seen, List<int> gaps, int subscribed, int ended)
    {
        // Nothing tells when the end of a connection or of a subscription came, so until it what is missing may still be on its way.
        var until = ended;
        for (var i = publisher.Length - 1; i >= 0 && publisher[i].Line > subscribed; i--)
        {
            var publish = publisher[i];
            if (seen.TryGetValue(publish.Asked.Id!, out var came))
            {
                until = came;
            }
            else if (until != ended || ended == int.MaxValue)
            {
                var gap = gaps.BinarySearch(publish.Line);
                var isSaid = ~gap < gaps.Count && gaps[~gap] < until;
                report.Require(
                    isSaid || publish.Answers.TrueForAll(answer => facts.History[answer].Kind != EventKind.Published),
                    Invariant.Contiguity,
                    $"{publish.Asked.Id} was acknowledged and did not come, and no gap",
                    [subscribed, publish.Line, .. publish.Answers]);
            }
        }
    }
}
