namespace Broker.Tests.Checker.Making;

/// <summary>Changes to what clients are told, to their rights, and to what is looked at last. Each is false where there is no place at which it matters.</summary>
internal static class AnswerMutations
{
    /// <summary>16 s, and more than the time that the pause of a node takes in generated histories.</summary>
    private const long Wait = 18_500_000;

    private const long Quiet = 10_100_000;

    public static bool Forget(Draft draft) => draft.Any(
        from request in draft.Facts.Requests
        where request.Asked.Kind != EventKind.Probe && request.Answers.Count == 1 && IsConnected(draft, request)
        select request.Answers[0],
        draft.Remove);

    public static bool ForgetUnsubscribed(Draft draft) => draft.Any(
        from asked in draft.Lines(EventKind.Unsubscribe)
        let request = draft.Of(asked)
        where draft.Facts.Closed(request.Asked.Connection) == int.MaxValue
        from line in request.Lines
        where draft.History[line].Kind == EventKind.Unsubscribed
        select line,
        draft.Remove);

    public static bool AnswerTwice(Draft draft) => draft.Any(
        draft.Facts.Requests.Where(static request => request.Asked.Kind != EventKind.Probe && request.Answers.Count == 1),
        request => draft.Insert(request.Answers[0] + 1, draft.History[request.Answers[0]]));

    public static bool AnswerLate(Draft draft) => draft.Any(
        draft.Asked(EventKind.Publish).Where(request => request.Answers.Count == 1 && IsConnected(draft, request)),
        request =>
        {
            var late = Enumerable.Range(0, draft.History.Count).First(line => draft.History[line].At > request.Asked.At + Wait);
            draft.Insert(late + 1, draft.History[request.Answers[0]]);
            draft.Remove(request.Answers[0]);
        });

    public static bool AcknowledgeWithoutPosition(Draft draft) => draft.Any(
        Acknowledged(draft), line => draft.Replace(line, draft.History[line] with { Epoch = null, Offset = null }));

    public static bool AcknowledgeInMinority(Draft draft) => draft.Any(
        from cut in draft.Lines(EventKind.Fault)
        where draft.History[cut].Code == "cut"
        from heal in draft.Lines(EventKind.Fault)
        where draft.History[heal].Code == "heal"
        from publish in draft.Asked(EventKind.Publish)
        where draft.History[cut].Names!.Contains(publish.Asked.Node) && publish.Answers.Count == 1
        let line = publish.Answers[0]
        where draft.History[line].Kind == EventKind.Refused && line < heal && draft.History[line].At > draft.History[cut].At + Quiet
        select line,
        line => draft.Replace(line, Acknowledge(draft, line, "any", 9999)));

    public static bool AcknowledgeWhatIsNotStored(Draft draft) => draft.Any(
        from line in draft.Lines(EventKind.Refused)
        where draft.Of(line).Asked is { Kind: EventKind.Publish } asked && draft.Facts.IsSequenced(asked.Topic)
        let final = draft.History[draft.Facts.Finals.First(final => draft.History[final].Topic == draft.Of(line).Asked.Topic)]
        select (line, final),
        place => draft.Replace(place.line, Acknowledge(draft, place.line, place.final.Epoch!, place.final.Offset!.Value + 1)));

    public static bool AcknowledgeOtherDataUnderKey(Draft draft) => draft.Any(
        from line in draft.Lines(EventKind.Refused)
        where draft.History[line].Code == "conflict"
        let asked = draft.Of(line).Asked
        from seen in draft.Facts.Sightings
        where draft.Facts.Publishes[seen.Id][0].Asked is { } first && first.Client == asked.Client && first.Key == asked.Key
        select (line, seen.Epoch),
        place => draft.Replace(place.line, Acknowledge(draft, place.line, place.Epoch, 9999)));

    public static bool AcknowledgeKeyAtAnotherOffset(Draft draft) => draft.Any(
        from line in Acknowledged(draft)
        where draft.Facts.IsRepeat(draft.Of(line))
            && draft.Facts.Sightings.Any(seen => seen.Line != line && seen.Id == draft.Of(line).Asked.Id && seen.Epoch == draft.History[line].Epoch)
        select line,
        line => draft.Replace(line, draft.History[line] with { Offset = 9999 }));

    public static bool SwapAcknowledged(Draft draft) => draft.Any(
        from connection in Acknowledged(draft)
            .Where(line => !draft.Facts.IsRepeat(draft.Of(line)))
            .GroupBy(line => (draft.Of(line).Asked.Connection, draft.Of(line).Asked.Topic, draft.History[line].Epoch))
        from pair in connection.Zip(connection.Skip(1))
        select pair,
        pair =>
        {
            draft.Replace(pair.First, draft.History[pair.First] with { Offset = draft.History[pair.Second].Offset });
            draft.Replace(pair.Second, draft.History[pair.Second] with { Offset = draft.History[pair.First].Offset });
        });

    public static bool LowerAcknowledged(Draft draft) => draft.Any(
        from line in Acknowledged(draft)
        where !draft.Facts.IsRepeat(draft.Of(line))
        from seen in draft.Facts.Sightings
        where seen.Line < draft.Of(line).Line && seen.Topic == draft.Of(line).Asked.Topic && seen.Epoch == draft.History[line].Epoch
        select (line, seen.Offset),
        place => draft.Replace(place.line, draft.History[place.line] with { Offset = place.Offset }));

    public static bool LowerTop(Draft draft) => draft.Any(
        from line in draft.Lines(EventKind.Subscribed).Concat(draft.Lines(EventKind.Page))
        let what = draft.History[line]
        from seen in draft.Facts.Sightings
        where seen.Line < draft.Of(line).Line && seen.Topic == draft.Of(line).Asked.Topic && seen.Epoch == what.Epoch && seen.Offset == what.Offset
        select line,
        line => draft.Replace(line, draft.History[line] with { Offset = draft.History[line].Offset - 1 }));

    public static bool MessageWithoutRight(Draft draft) => draft.Any(
        from line in draft.Lines(EventKind.Message)
        let before = Enumerable.Range(0, line).LastOrDefault(earlier => draft.History[earlier].At < draft.History[line].At - 1_100_000)
        where draft.History[before].At > 0
        select (before, draft.Of(line).Asked),
        place => draft.Insert(place.before + 1, new HistoryEvent(EventKind.Revoked, 0) { Client = place.Asked.Client, Topic = place.Asked.Topic }));

    public static bool PageWithoutRight(Draft draft) => draft.Any(
        from page in draft.Lines(EventKind.Page)
        from right in draft.Lines(EventKind.Granted)
        where draft.History[right].Client == draft.Of(page).Asked.Client && draft.History[right].Topic == draft.Of(page).Asked.Topic
        select right,
        draft.Remove);

    public static bool ForgetProbe(Draft draft) => draft.Any(draft.Lines(EventKind.Probed), draft.Remove);

    public static bool ProbeLate(Draft draft) => draft.Any(
        draft.Lines(EventKind.Probed),
        line =>
        {
            draft.Changed.Add(draft.History[line] with { At = draft.History[^1].At + 30_000_000 });
            draft.Remove(line);
        });

    public static bool ForgetMember(Draft draft) => draft.Any(
        draft.Lines(EventKind.Members).Where(line => draft.History[line].Names!.Count > 0),
        line => draft.Replace(line, draft.History[line] with { Names = [.. draft.History[line].Names!.Skip(1)] }));

    public static bool AddGhost(Draft draft) => draft.Any(
        draft.Lines(EventKind.Members), line => draft.Replace(line, draft.History[line] with { Names = [.. draft.History[line].Names!, "p0"] }));

    public static bool JoinTwice(Draft draft) => draft.Any(
        draft.Lines(EventKind.Joined).Concat(draft.Lines(EventKind.Left)), line => draft.Insert(line + 1, draft.History[line]));

    /// <summary>The end of its connection is not near: that would be an answer too.</summary>
    private static bool IsConnected(Draft draft, Request request)
    {
        var closed = draft.Facts.Closed(request.Asked.Connection);
        return closed == int.MaxValue || draft.History[closed].At > request.Asked.At + Wait + 1_000_000;
    }

    private static IEnumerable<int> Acknowledged(Draft draft) => draft.Lines(EventKind.Published).Where(line => draft.History[line].Offset is not null);

    private static HistoryEvent Acknowledge(Draft draft, int line, string epoch, long offset)
    {
        var isSequenced = draft.Facts.IsSequenced(draft.Of(line).Asked.Topic);
        return new HistoryEvent(EventKind.Published, draft.History[line].At) { Call = draft.History[line].Call, Epoch = isSequenced ? epoch : null, Offset = isSequenced ? offset : null };
    }
}
