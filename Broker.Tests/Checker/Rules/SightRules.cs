namespace Broker.Tests.Checker.Rules;

/// <summary>I7, I14 and I19: everything that is seen was published, may be seen, and belongs to an open subscription.</summary>
internal static class SightRules
{
    private const long Slack = 1_000_000;

    public static void Check(HistoryFacts facts, Report report)
    {
        var refused = Refused(facts);
        var rights = new Rights(facts.History);
        for (var line = 0; line < facts.History.Count; line++)
        {
            var what = facts.History[line];
            if (what.Kind == EventKind.Message)
            {
                CheckPublished(facts, report, refused, line, what.Topic ?? facts.Find(what.Call)?.Asked.Topic, what.Id!, what.Data!);
            }

            foreach (var entry in what.Entries ?? [])
            {
                CheckPublished(facts, report, refused, line, what.Topic ?? facts.Find(what.Call)?.Asked.Topic, entry.Id, entry.Data);
            }

            if (what.Kind is EventKind.Message or EventKind.Page or EventKind.Joined && facts.Find(what.Call) is { } request)
            {
                report.Require(
                    rights.Allow(request.Asked.Client!, request.Asked.Topic!, what.At), Invariant.Authorization, $"{request.Asked.Client} has no right to see {request.Asked.Topic} here", request.Line, line);
            }
        }

        foreach (var subscription in facts.Requests.Where(static request => request.Asked.Kind == EventKind.Subscribe))
        {
            CheckBounds(facts, report, subscription);
        }
    }

    /// <summary>Messages of which every publish was refused for certain.</summary>
    private static HashSet<string> Refused(HistoryFacts facts) =>
    [
        .. facts.Publishes
            .Where(message => message.Value.TrueForAll(publish => publish.Answers.Exists(answer =>
                facts.History[answer] is { Kind: EventKind.Refused, Code: not ("timeout" or "internal") })))
            .Select(static message => message.Key),
    ];

    private static void CheckPublished(HistoryFacts facts, Report report, HashSet<string> refused, int line, string? topic, string id, string data)
    {
        if (!facts.Publishes.TryGetValue(id, out var publishes) || publishes[0].Line > line)
        {
            report.Add(Invariant.NoPhantom, $"nobody had published {id}", line);
            return;
        }

        var publish = publishes[0];
        report.Require(publish.Asked.Topic == topic && publish.Asked.Data == data, Invariant.NoPhantom, $"{id} was published to {publish.Asked.Topic} as {publish.Asked.Data}", publish.Line, line);
        report.Require(!refused.Contains(id), Invariant.NoPhantom, $"{id} was refused", [publish.Line, .. publish.Answers, line]);
    }

    private static void CheckBounds(HistoryFacts facts, Report report, Request subscription)
    {
        var closed = facts.Closed(subscription.Asked.Connection);
        var (isOpen, changed) = (false, subscription.Line);
        foreach (var line in subscription.Lines)
        {
            switch (facts.History[line].Kind)
            {
                case EventKind.Subscribed:
                    (isOpen, changed) = (true, line);
                    break;
                case EventKind.Unsubscribed:
                    (isOpen, changed) = (false, line);
                    break;
                case EventKind.Message or EventKind.Gap or EventKind.Joined or EventKind.Left:
                    report.Require(
                        isOpen && line < closed, Invariant.SubscriptionBounds, "it came while the subscription was not open", subscription.Line, closed < line ? closed : changed, line);
                    break;
            }
        }
    }

    /// <summary>Times at which rights of clients began and ended, in order.</summary>
    private sealed class Rights
    {
        private readonly HashSet<string> _clients = [];
        private readonly Dictionary<(string, string), List<(long At, bool Has)>> _changes = [];

        public Rights(IReadOnlyList<HistoryEvent> history)
        {
            foreach (var what in history.Where(static what => what.Kind is EventKind.Granted or EventKind.Revoked))
            {
                _clients.Add(what.Client!);
                _changes.TryAdd((what.Client!, what.Topic!), []);
                _changes[(what.Client!, what.Topic!)].Add((what.At, what.Kind == EventKind.Granted));
            }
        }

        /// <summary>The right was there at some moment within the slack.</summary>
        public bool Allow(string client, string topic, long at)
        {
            if (!_clients.Contains(client))
            {
                return true;
            }

            if (!_changes.TryGetValue((client, topic), out var changes))
            {
                return false;
            }

            var found = changes.BinarySearch((at - Slack, true));
            var next = found < 0 ? ~found : found;
            if (next > 0 && changes[next - 1].Has)
            {
                return true;
            }

            for (; next < changes.Count && changes[next].At <= at + Slack; next++)
            {
                if (changes[next].Has)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
