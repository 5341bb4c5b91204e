namespace Broker.Tests.Checker.Rules;

/// <summary>I11: who is a member is who is subscribed, after a while.</summary>
internal static class PresenceRules
{
    private const long Comes = 15_000_000;
    private const long Goes = 35_000_000;

    public static void Check(HistoryFacts facts, Report report)
    {
        var subscriptions = facts.Requests
            .Where(static request => request.Asked.Kind == EventKind.Subscribe)
            .ToLookup(static request => request.Asked.Topic!);
        foreach (var subscription in facts.Requests.Where(static request => request.Asked.Kind == EventKind.Subscribe))
        {
            CheckTurns(facts, report, subscription);
        }

        for (var line = 0; line < facts.History.Count; line++)
        {
            if (facts.History[line] is { Kind: EventKind.Members } members)
            {
                CheckMembers(facts, report, line, members, subscriptions[members.Topic!]);
            }
        }
    }

    private static void CheckMembers(HistoryFacts facts, Report report, int line, HistoryEvent members, IEnumerable<Request> subscriptions)
    {
        var listed = members.Names!.ToHashSet();
        var healed = facts.History.LastOrDefault(what => what.Kind == EventKind.Fault && what.At <= members.At)?.At ?? 0;
        HashSet<string> recent = [];
        foreach (var subscription in subscriptions.Where(subscription => subscription.Line < line))
        {
            var client = subscription.Asked.Client!;
            var began = subscription.Lines.FindIndex(one => facts.History[one].Kind == EventKind.Subscribed);
            if (began < 0)
            {
                continue;
            }

            var left = subscription.Lines.FindIndex(one => facts.History[one].Kind == EventKind.Unsubscribed);
            var ended = Math.Min(facts.Closed(subscription.Asked.Connection), left < 0 ? int.MaxValue : subscription.Lines[left]);
            if (ended > line || members.At - facts.History[ended].At < Goes)
            {
                recent.Add(client);
            }

            var since = Math.Max(facts.History[subscription.Lines[began]].At, healed);
            report.Require(
                ended < line || members.At - since < Comes || listed.Contains(client), Invariant.PresenceConverges, $"{client} is subscribed and no member at {members.Node}", subscription.Line, line);
        }

        foreach (var ghost in listed.Except(recent))
        {
            report.Add(Invariant.PresenceConverges, $"{ghost} is a member at {members.Node} and not subscribed", line);
        }
    }

    private static void CheckTurns(HistoryFacts facts, Report report, Request subscription)
    {
        Dictionary<string, (EventKind Kind, int Line)> last = [];
        foreach (var line in subscription.Lines)
        {
            var what = facts.History[line];
            if (what.Kind == EventKind.Gap)
            {
                last.Clear();
            }
            else if (what.Kind is EventKind.Joined or EventKind.Left)
            {
                foreach (var member in what.Names!)
                {
                    report.Require(
                        !last.TryGetValue(member, out var before) || before.Kind != what.Kind, Invariant.PresenceConverges, $"{member} {what.Kind} twice", before.Line, line);
                    last[member] = (what.Kind, line);
                }
            }
        }
    }
}
