using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>Compares what was seen with what a case wants.</summary>
internal static class Judge
{
    public static (Verdict Verdict, string Reason) Decide(Script script, Observation seen)
    {
        if (seen.Fault is not null)
        {
            return (Verdict.Failed, seen.Fault);
        }

        var events = DecideEvents(script, seen);
        var ending = DecideEnding(script.Ending, seen);
        return ending.Verdict > events.Verdict ? ending : events;
    }

    private static (Verdict Verdict, string Reason) DecideEvents(Script script, Observation seen)
    {
        if (seen.Events.SequenceEqual(script.Events))
        {
            return (Verdict.Ok, "");
        }

        var differ = $"{Describe(script.Events)} was expected, {Describe(seen.Events)} came";
        return (script.Tolerated is { } tolerated && seen.Events.SequenceEqual(tolerated) ? Verdict.NonStrict : Verdict.Failed, differ);
    }

    private static (Verdict Verdict, string Reason) DecideEnding(Ending ending, Observation seen)
    {
        if (seen.End is null)
        {
            return (Verdict.Failed, seen.Close is null ? "neither closed nor ended when time was up" : "closed, but not ended when time was up");
        }

        if (seen.CloseCode is not { } code)
        {
            return (ending.MayDrop ? Verdict.NonStrict : Verdict.Failed, "ended without a close frame");
        }

        if (!ending.ByPeer && seen.ClosedFirst)
        {
            return (Verdict.Failed, $"closed with {code} before the tester did");
        }

        if (!ending.Codes.Contains(code))
        {
            return (ending.Tolerated.Contains(code) ? Verdict.NonStrict : Verdict.Failed, $"closed with {code}, not {string.Join(" or ", ending.Codes)}");
        }

        // RFC 6455 section 7.1.1: a server closes the TCP connection first, and cleanly.
        return seen.End == RawMessage.Reset ? (Verdict.NonStrict, "reset after the close frame") : (Verdict.Ok, "");
    }

    private static string Describe(IReadOnlyList<PeerEvent> events) => events.Count switch
    {
        0 => "nothing",
        <= 12 => string.Join(", ", events),
        _ => $"{string.Join(", ", events.Take(5))} and {events.Count - 5} more",
    };
}
