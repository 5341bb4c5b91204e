namespace Broker.Tests.Checker.Rules;

/// <summary>I10 and I16: nobody waits for ever.</summary>
internal static class AnswerRules
{
    private const long Wait = 16_000_000;

    /// <summary>Where links lose packets a node may promise something by turns: a request waits for that first (10 s), then for the owner.</summary>
    private const long Fenced = 10_000_000;
    private const long Healing = 60_000_000;

    public static void Check(HistoryFacts facts, Report report)
    {
        if (facts.History.Count == 0)
        {
            return;
        }

        var pauses = Pauses(facts.History);
        var most = facts.History.Any(static what => what is { Kind: EventKind.Fault, Code: "lose" }) ? Wait + Fenced : Wait;
        foreach (var request in facts.Requests)
        {
            if (request.Asked.Kind != EventKind.Probe)
            {
                CheckAnswered(facts, report, pauses, most, request);
            }

            CheckUnsubscribed(facts, report, request);
        }

        CheckProbes(facts, report);
    }

    private static void CheckAnswered(HistoryFacts facts, Report report, List<(string Node, long From, long To)> pauses, long most, Request request)
    {
        report.Require(request.Answers.Count < 2, Invariant.Answered, "a request has two answers", [request.Line, .. request.Answers]);
        var closed = facts.Closed(request.Asked.Connection);
        var told = Math.Min(request.Answers.Count > 0 ? request.Answers[0] : facts.History.Count - 1, Math.Min(closed, facts.History.Count - 1));
        var wait = facts.History[told].At - request.Asked.At;
        if (wait > most)
        {
            wait -= pauses
                .Where(pause => pause.Node == request.Asked.Node)
                .Sum(pause => Math.Max(0, Math.Min(pause.To, facts.History[told].At) - Math.Max(pause.From, request.Asked.At)));
            report.Require(wait <= most, Invariant.Answered, $"a request waited {wait / 1000} ms", request.Line, told);
        }
    }

    private static void CheckUnsubscribed(HistoryFacts facts, Report report, Request request)
    {
        var asked = request.Lines.FindIndex(line => facts.History[line].Kind == EventKind.Unsubscribe);
        if (asked >= 0 && facts.Closed(request.Asked.Connection) == int.MaxValue)
        {
            report.Require(
                request.Lines.Skip(asked).Any(line => facts.History[line].Kind == EventKind.Unsubscribed)
                    || facts.History[^1].At - facts.History[request.Lines[asked]].At <= Wait,
                Invariant.Answered,
                "an unsubscribe has no answer",
                request.Lines[asked]);
        }
    }

    private static List<(string Node, long From, long To)> Pauses(IReadOnlyList<HistoryEvent> history)
    {
        List<(string, long, long)> pauses = [];
        Dictionary<string, long> running = [];
        foreach (var what in history.Where(static what => what is { Kind: EventKind.Fault, Code: "pause" or "resume" }))
        {
            foreach (var node in what.Names!)
            {
                if (what.Code == "pause")
                {
                    running[node] = what.At;
                }
                else if (running.Remove(node, out var from))
                {
                    pauses.Add((node, from, what.At));
                }
            }
        }

        return pauses;
    }

    private static void CheckProbes(HistoryFacts facts, Report report)
    {
        HashSet<string> nodes = [];
        var last = 0;
        for (var line = 0; line < facts.History.Count; line++)
        {
            if (facts.History[line] is { Kind: EventKind.Fault } fault)
            {
                last = line;
                if (fault.Code == "start")
                {
                    nodes.UnionWith(fault.Names!);
                }
                else if (fault.Code is "kill" or "stop")
                {
                    nodes.ExceptWith(fault.Names!);
                }
            }
        }

        var ended = facts.Requests
            .Where(request => request.Asked.Kind == EventKind.Probe && request.Line > last && request.Answers.Count > 0)
            .Where(request => facts.History[request.Answers[0]].At - facts.History[last].At <= Healing)
            .Select(static request => (request.Asked.Topic!, request.Asked.Node!))
            .ToHashSet();
        foreach (var topic in facts.Topics)
        {
            foreach (var node in nodes)
            {
                report.Require(ended.Contains((topic.Topic!, node)), Invariant.Liveness, $"no probe of {topic.Topic} at {node} ended within 60 s of the last fault", last);
            }
        }
    }
}
