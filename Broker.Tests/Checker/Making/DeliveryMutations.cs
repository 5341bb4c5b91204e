namespace Broker.Tests.Checker.Making;

/// <summary>Changes to what subscriptions see. Each is false where the history has no place at which it matters.</summary>
internal static class DeliveryMutations
{
    public static bool DropSequenced(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: true)
        from line in draft.Moves(subscription)
        where draft.History[line].Kind == EventKind.Message && draft.Shows(subscription, line)
        select line,
        draft.Remove);

    public static bool DropBroadcast(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: false)
        where draft.IsOpen(subscription)
        let begun = subscription.Answers[0]
        from line in draft.Moves(subscription)
        where draft.History[line].Kind == EventKind.Message
        let publish = draft.Facts.Publishes[draft.History[line].Id!][0]
        where publish.Line > begun && IsAcknowledged(draft, publish) && !Array.Exists(draft.Moves(subscription), move => move > publish.Line && draft.History[move].Kind == EventKind.Gap)
        select line,
        draft.Remove);

    public static bool DuplicateSequenced(Draft draft) => Duplicate(draft, sequenced: true);

    public static bool DuplicateBroadcast(Draft draft) => Duplicate(draft, sequenced: false);

    public static bool SwapSequenced(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: true)
        from pair in Pairs(draft, draft.Moves(subscription))
        where draft.History[pair.One].Epoch == draft.History[pair.Other].Epoch
        select pair,
        pair => draft.Swap(pair.One, pair.Other));

    public static bool SwapBroadcast(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: false)
        from publisher in draft.Moves(subscription)
            .Where(line => draft.History[line].Kind == EventKind.Message)
            .GroupBy(line => draft.Facts.Publishes[draft.History[line].Id!][0].Asked.Connection)
        from pair in Pairs(draft, [.. publisher])
        select pair,
        pair => draft.Swap(pair.One, pair.Other));

    public static bool RaiseOffset(Draft draft) => draft.Any(
        Messages(draft, sequenced: true), line => draft.Replace(line, draft.History[line] with { Offset = draft.History[line].Offset + 1 }));

    public static bool ChangeEpoch(Draft draft) => draft.Any(
        Messages(draft, sequenced: true), line => draft.Replace(line, draft.History[line] with { Epoch = "another" }));

    public static bool ChangeDataSequenced(Draft draft) => draft.Any(
        from line in Messages(draft, sequenced: true)
        let what = draft.History[line]
        where draft.Facts.Sightings.Count(seen => (seen.Topic, seen.Epoch, seen.Offset) == (draft.Of(line).Asked.Topic!, what.Epoch!, what.Offset!.Value)) > 1
        select line,
        line => draft.Replace(line, draft.History[line] with { Data = "changed" }));

    public static bool ChangeDataBroadcast(Draft draft) => draft.Any(
        Messages(draft, sequenced: false), line => draft.Replace(line, draft.History[line] with { Data = "changed" }));

    public static bool ChangeId(Draft draft) => draft.Any(draft.Lines(EventKind.Message), line => draft.Replace(line, draft.History[line] with { Id = "nobody-1" }));

    public static bool ForgetGapSequenced(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: true)
        from line in Gaps(draft, subscription)
        where draft.Shows(subscription, line) && Before(draft, subscription, line) is { } before
            && (draft.History[line].Epoch != before.Epoch || draft.History[line].Offset > before.Offset)
        select line,
        draft.Remove);

    public static bool ForgetGapBroadcast(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: false)
        where draft.IsOpen(subscription)
        let gaps = Gaps(draft, subscription).ToArray()
        where gaps.Length == 1
        let seen = draft.Moves(subscription).Select(line => draft.History[line].Id).ToHashSet()
        where draft.Asked(EventKind.Publish).Any(publish =>
            publish.Asked.Topic == subscription.Asked.Topic && publish.Line > subscription.Answers[0] && IsAcknowledged(draft, publish) && !seen.Contains(publish.Asked.Id))
        select gaps[0],
        draft.Remove);

    public static bool LowerGap(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: true)
        from line in Gaps(draft, subscription)
        where Before(draft, subscription, line) is { Offset: > 0 } before && before.Epoch == draft.History[line].Epoch
        select (line, Before(draft, subscription, line)!.Value.Offset),
        place => draft.Replace(place.line, draft.History[place.line] with { Offset = place.Offset - 1, From = null, To = null }));

    public static bool RaiseFromOfGap(Draft draft) => draft.Any(
        draft.Lines(EventKind.Gap).Where(line => draft.History[line].From is not null), line => draft.Replace(line, draft.History[line] with { From = draft.History[line].From + 1 }));

    public static bool MessageAfterUnsubscribed(Draft draft) => draft.Any(
        from end in draft.Lines(EventKind.Unsubscribed)
        from line in draft.Lines(EventKind.Message)
        where line < end && draft.Of(line).Asked.Topic == draft.Of(end).Asked.Topic
        select (end, line),
        place => draft.Insert(place.end + 1, draft.History[place.line] with { Call = draft.History[place.end].Call }));

    public static bool MessageAfterClosed(Draft draft) => draft.Any(
        from subscription in draft.Asked(EventKind.Subscribe)
        let end = draft.Facts.Closed(subscription.Asked.Connection)
        where end != int.MaxValue && draft.Moves(subscription).Length > 0
        select (end, draft.Moves(subscription)[^1]),
        place => draft.Insert(place.end + 1, draft.History[place.Item2]));

    public static bool MessageBeforeSubscribed(Draft draft) => draft.Any(
        from subscription in draft.Asked(EventKind.Subscribe)
        let moves = draft.Moves(subscription)
        where moves.Length > 0 && draft.History[moves[0]].Kind == EventKind.Message
        select (subscription.Answers[0], moves[0]),
        place =>
        {
            draft.Remove(place.Item2);
            draft.Insert(place.Item1, draft.History[place.Item2]);
        });

    public static bool MessageBeforePublish(Draft draft) => draft.Any(
        from line in draft.Lines(EventKind.Message)
        let publish = draft.Facts.Publishes[draft.History[line].Id!][0]
        where publish.Answers.TrueForAll(answer => answer > line)
        select (publish.Line, line),
        place =>
        {
            draft.Insert(place.line + 1, draft.History[place.Line]);
            draft.Remove(place.Line);
        });

    public static bool ShowRefusedSequenced(Draft draft) => ShowRefused(draft, sequenced: true);

    public static bool ShowRefusedBroadcast(Draft draft) => ShowRefused(draft, sequenced: false);

    public static bool RecoverWithHole(Draft draft) => draft.Any(
        from subscription in draft.Subscriptions(sequenced: true)
        from line in subscription.Lines
        let what = draft.History[line]
        where what is { Kind: EventKind.Subscribed, Recovered: false } && what.Epoch == subscription.Asked.Epoch && what.Offset > subscription.Asked.Offset && draft.Shows(subscription, line)
        select line,
        line => draft.Replace(line, draft.History[line] with { Recovered = true }));

    public static bool RecoverAcrossEpochs(Draft draft) => draft.Any(
        draft.Lines(EventKind.Subscribed).Where(line => draft.History[line].Recovered == false && draft.History[line].Epoch != draft.Of(line).Asked.Epoch),
        line => draft.Replace(line, draft.History[line] with { Recovered = true }));

    public static bool RecoverBroadcast(Draft draft) => draft.Any(
        draft.Lines(EventKind.Subscribed).Where(line => draft.History[line].Epoch is null), line => draft.Replace(line, draft.History[line] with { Recovered = true }));

    public static bool RepeatWhatWasSeen(Draft draft) => draft.Any(
        from line in draft.Lines(EventKind.Subscribed)
        where draft.History[line].Recovered == true
        let asked = draft.Of(line).Asked
        from seen in draft.Facts.Sightings
        where (seen.Topic, seen.Epoch, seen.Offset) == (asked.Topic!, asked.Epoch!, asked.Offset!.Value) && seen.Line < line
        select (line, new HistoryEvent(EventKind.Message, 0) { Call = asked.Call, Epoch = seen.Epoch, Offset = seen.Offset, Id = seen.Id, Data = seen.Data }),
        place => draft.Insert(place.line + 1, place.Item2));

    public static bool RecoverFromWhatWasNotSeen(Draft draft) => draft.Any(
        draft.Lines(EventKind.Subscribe).Where(line => draft.History[line].Epoch is not null), line => draft.Replace(line, draft.History[line] with { Offset = draft.History[line].Offset + 1 }));

    private static bool Duplicate(Draft draft, bool sequenced) => draft.Any(Messages(draft, sequenced), line => draft.Insert(line + 1, draft.History[line]));

    private static bool ShowRefused(Draft draft, bool sequenced) => draft.Any(
        from publish in draft.Asked(EventKind.Publish)
        where publish.Answers.Count == 1 && draft.History[publish.Answers[0]] is { Kind: EventKind.Refused, Code: not "timeout" } && draft.Facts.Publishes[publish.Asked.Id!].Count == 1
        from line in Messages(draft, sequenced)
        where line > publish.Line && draft.Of(line).Asked.Topic == publish.Asked.Topic
        select (publish.Asked, line),
        place => draft.Replace(place.line, draft.History[place.line] with { Id = place.Asked.Id, Data = place.Asked.Data }));

    private static IEnumerable<int> Messages(Draft draft, bool sequenced) => draft.Lines(EventKind.Message).Where(line => draft.Facts.IsSequenced(draft.Of(line).Asked.Topic) == sequenced);

    private static IEnumerable<int> Gaps(Draft draft, Request subscription) => draft.Moves(subscription).Where(line => draft.History[line].Kind == EventKind.Gap);

    private static bool IsAcknowledged(Draft draft, Request publish) => publish.Answers.Exists(answer => draft.History[answer].Kind == EventKind.Published);

    private static IEnumerable<(int One, int Other)> Pairs(Draft draft, int[] moves) =>
        moves.Zip(moves.Skip(1)).Where(pair => draft.History[pair.First].Kind == EventKind.Message && draft.History[pair.Second].Kind == EventKind.Message);

    /// <summary>Where a subscription stands before a line; nothing where that takes more than a look.</summary>
    private static (string? Epoch, long Offset)? Before(Draft draft, Request subscription, int line)
    {
        if (Array.FindLast(draft.Moves(subscription), move => move < line) is > 0 and var move)
        {
            return (draft.History[move].Epoch, draft.History[move].Offset!.Value);
        }

        var subscribed = draft.History[subscription.Answers[0]];
        return subscription.Asked.Last is not null ? null : (subscribed.Epoch, (subscribed.Recovered == true ? subscription.Asked : subscribed).Offset!.Value);
    }
}
