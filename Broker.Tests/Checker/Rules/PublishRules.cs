namespace Broker.Tests.Checker.Rules;

/// <summary>I15, I17 of sequenced topics: what publishers were told.</summary>
internal static class PublishRules
{
    private const long Quiet = 10_000_000;

    public static void Check(HistoryFacts facts, Report report)
    {
        CheckOrder(facts, report);
        CheckMinority(facts, report);
    }

    private static void CheckOrder(HistoryFacts facts, Report report)
    {
        Dictionary<string, List<Sighting>> known = [];
        foreach (var seen in facts.Sightings)
        {
            known.TryAdd(seen.Id, []);
            if (!known[seen.Id].Exists(other => other.Epoch == seen.Epoch))
            {
                known[seen.Id].Add(seen);
            }
        }

        Dictionary<(string, string, string), (int Line, long Offset)> last = [];
        foreach (var request in facts.Requests.Where(request => request.Asked.Kind == EventKind.Publish && facts.IsSequenced(request.Asked.Topic) && !facts.IsRepeat(request)))
        {
            var asked = request.Asked;
            var answer = request.Answers.Select(line => facts.History[line]).FirstOrDefault(static answer => answer.Kind == EventKind.Published);

            // Of a message that was sent again nobody knows which time it was appended.
            (string Epoch, long Offset)[] positions = answer is { Epoch: { } given, Offset: { } at } ? [(given, at)]
                : facts.Publishes[asked.Id!].Count == 1 ? [.. known.GetValueOrDefault(asked.Id!, []).Select(static seen => (seen.Epoch, seen.Offset))]
                : [];
            foreach (var (epoch, offset) in positions)
            {
                var connection = (asked.Connection!, asked.Topic!, epoch);
                if (last.TryGetValue(connection, out var before))
                {
                    report.Require(
                        offset > before.Offset, Invariant.PublisherOrder, $"{asked.Id} is at {offset}, and {before.Offset} was published before it on its connection", [before.Line, request.Line, .. request.Answers]);
                }

                last[connection] = (request.Line, offset);
            }
        }
    }

    private static void CheckMinority(HistoryFacts facts, Report report)
    {
        (int Line, long At, IReadOnlyList<string> Nodes)? cut = null;
        for (var line = 0; line < facts.History.Count; line++)
        {
            var what = facts.History[line];
            if (what is { Kind: EventKind.Fault, Code: "cut" or "heal" })
            {
                cut = what.Code == "cut" ? (line, what.At, what.Names!) : null;
            }
            else if (what.Kind == EventKind.Published && cut is { } now && what.At > now.At + Quiet && facts.Find(what.Call) is { } request)
            {
                report.Require(
                    !now.Nodes.Contains(request.Asked.Node), Invariant.QuietMinority, $"{request.Asked.Node} acknowledged {(what.At - now.At) / 1000} ms after it was cut off", now.Line, request.Line, line);
            }
        }
    }
}
