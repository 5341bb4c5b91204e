namespace Broker.Tests.Checker.Rules;

/// <summary>I2, I3, I4 and I13 of sequenced topics: every subscription of a client goes on where the client was, and misses nothing unsaid.</summary>
internal static class SequencedRules
{
    public static void Check(HistoryFacts facts, Report report)
    {
        var finals = facts.Finals.DistinctBy(line => facts.History[line].Topic).ToDictionary(line => facts.History[line].Topic!);
        Dictionary<(string, string), Walk> clients = [];
        foreach (var request in facts.Requests.Where(request => request.Asked.Kind == EventKind.Subscribe && facts.IsSequenced(request.Asked.Topic)))
        {
            var client = (request.Asked.Client!, request.Asked.Topic!);
            var walk = new Walk(facts, report, request);
            if (clients.TryGetValue(client, out var before))
            {
                before.RequireReached(request);
            }

            walk.Run();
            if (finals.TryGetValue(request.Asked.Topic!, out var final))
            {
                walk.RequireEnd(final);
            }

            if (walk.HasPosition)
            {
                clients[client] = walk;
            }
        }
    }

    private sealed class Walk(HistoryFacts facts, Report report, Request request)
    {
        private readonly HashSet<(string?, long)> _seen = [];
        private int _last = request.Line;
        private int _ended = facts.Closed(request.Asked.Connection);
        private string? _epoch;
        private long _offset;

        /// <summary>The first message of what was asked for by <c>last</c> lies above this and not above the position.</summary>
        private long? _loose;

        /// <summary>What the client had seen when it came back.</summary>
        private long _floor;

        public bool HasPosition => _epoch is not null;

        public void Run()
        {
            foreach (var line in request.Lines)
            {
                var what = facts.History[line];
                switch (what.Kind)
                {
                    case EventKind.Subscribed:
                        OnSubscribed(line, what);
                        break;
                    case EventKind.Message:
                        OnMessage(line, what);
                        break;
                    case EventKind.Gap:
                        OnGap(line, what);
                        break;
                    case EventKind.Unsubscribed:
                        _ended = Math.Min(_ended, line);
                        break;
                    default:
                        continue;
                }

                _last = line;
            }
        }

        /// <summary>Of two subscriptions that were open together neither says where its client was.</summary>
        public void RequireReached(Request next)
        {
            if (next.Asked.Epoch is { } epoch && _ended < next.Line)
            {
                report.Require(
                    epoch != _epoch || next.Asked.Offset <= _offset, Invariant.MonotoneSession, $"the client goes on from {next.Asked.Offset} and had come to {_offset} of {_epoch}", _last, next.Line);
            }
        }

        public void RequireEnd(int final)
        {
            var end = facts.History[final];
            if (HasPosition && _ended > final)
            {
                report.Require(
                    _epoch == end.Epoch && _offset == end.Offset, Invariant.Contiguity, $"the subscription stands at {_epoch} {_offset} at last, the topic at {end.Epoch} {end.Offset}", _last, final);
            }
        }

        private void OnSubscribed(int line, HistoryEvent what)
        {
            var asked = request.Asked;
            (_epoch, _offset) = (what.Epoch, what.Offset ?? 0);
            if (what.Recovered == true)
            {
                report.Require(
                    asked.Epoch == what.Epoch && asked.Offset <= what.Offset, Invariant.Contiguity, $"recovered, from {asked.Epoch} {asked.Offset} to {what.Epoch} {what.Offset}", request.Line, line);
                _offset = _floor = asked.Offset ?? 0;
            }
            else if (asked.Last is > 0 and var last)
            {
                _loose = Math.Max(0, _offset - last);
                _offset -= Math.Min(_offset, Math.Min(last, facts.Settings(asked.Topic)?.Size ?? last));
            }
        }

        private void OnMessage(int line, HistoryEvent what)
        {
            var offset = what.Offset ?? 0;
            if (!_seen.Add((what.Epoch, offset)))
            {
                report.Add(Invariant.NoDuplicate, $"{offset} came before", _last, line);
            }
            else if (what.Epoch != _epoch)
            {
                report.Add(Invariant.Contiguity, $"{what.Epoch} {offset} came where {_epoch} {_offset + 1} is next, and no gap", _last, line);
            }
            else if (offset <= _floor)
            {
                report.Add(Invariant.MonotoneSession, $"{offset} came to a client that had come to {_floor}", request.Line, line);
            }
            else if (offset > _offset + 1)
            {
                report.Add(Invariant.Contiguity, $"{offset} came where {_offset + 1} is next, and no gap", _last, line);
            }
            else if (offset <= _offset && !(offset > _loose))
            {
                report.Add(Invariant.NoReorder, $"{offset} came behind {_offset}", _last, line);
            }

            (_epoch, _offset, _loose) = (what.Epoch, offset, null);
        }

        private void OnGap(int line, HistoryEvent what)
        {
            report.Require(what.Epoch != _epoch || what.Offset >= _offset, Invariant.NoReorder, $"a gap goes back to {what.Offset} from {_offset}", _last, line);
            if (what.Epoch == _epoch)
            {
                report.Require(
                    (what.From ?? 0) <= _offset + 1 && (what.To ?? what.Offset) >= what.Offset, Invariant.Contiguity, $"a gap from {what.From} to {what.To} goes on at {what.Offset}, from {_offset}", _last, line);
            }

            else
            {
                _floor = 0;
            }

            (_epoch, _offset, _loose) = (what.Epoch, what.Offset ?? 0, null);
        }
    }
}
