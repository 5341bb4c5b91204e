namespace Broker.Tests.Checker.Making;

/// <summary>Changes to what nodes have of a topic, in pages and at last. Each is false where there is no place at which it matters.</summary>
internal static class StoredMutations
{
    public static bool ChangeFinal(Draft draft) => draft.Any(
        Entries(draft, EventKind.Final), place => Change(draft, place.Line, entries => entries[place.Index] = entries[place.Index] with { Data = "changed" }));

    public static bool DropFromFinal(Draft draft) => draft.Any(
        Entries(draft, EventKind.Final), place => Change(draft, place.Line, entries => entries.RemoveAt(place.Index)));

    public static bool RepeatInFinal(Draft draft) => draft.Any(
        Entries(draft, EventKind.Final),
        place =>
        {
            var top = draft.History[place.Line].Offset!.Value + 1;
            Change(draft, place.Line, entries => entries.Add(entries[place.Index] with { Offset = top }));
            draft.Replace(place.Line, draft.Changed[place.Line] with { Offset = top });
        });

    public static bool LowerTopOfFinal(Draft draft) => draft.Any(
        from line in draft.Facts.Finals
        where draft.History[line].Entries!.Count > 0
        select line,
        line =>
        {
            Change(draft, line, static entries => entries.RemoveAt(entries.Count - 1));
            draft.Replace(line, draft.Changed[line] with { Offset = draft.History[line].Offset - 1 });
        });

    public static bool BringEpochBack(Draft draft) => draft.Any(
        from line in draft.Facts.Finals
        from earlier in draft.Lines(EventKind.Published)
        where draft.Of(earlier).Asked.Topic == draft.History[line].Topic && draft.History[earlier].Epoch != draft.History[line].Epoch
        where draft.Lines(EventKind.Published).Any(later =>
            draft.Of(later).Asked.Topic == draft.History[line].Topic && draft.History[later].Epoch == draft.History[line].Epoch && draft.Of(later).Line > earlier && !draft.Facts.IsRepeat(draft.Of(later)))
        where !draft.Facts.IsRepeat(draft.Of(earlier))
        select (line, draft.History[earlier].Epoch),
        place => draft.Replace(place.line, draft.History[place.line] with { Epoch = place.Epoch }));

    public static bool HoleInPage(Draft draft) => draft.Any(
        Entries(draft, EventKind.Page).Where(place => place.Index > 0 && place.Index < draft.History[place.Line].Entries!.Count - 1),
        place => Change(draft, place.Line, entries => entries.RemoveAt(place.Index)));

    public static bool BeginPageLate(Draft draft) => draft.Any(
        Entries(draft, EventKind.Page).Where(place => place.Index == 0), place => Change(draft, place.Line, static entries => entries.RemoveAt(0)));

    public static bool EndPageEarly(Draft draft) => draft.Any(
        Entries(draft, EventKind.Page).Where(place => draft.History[place.Line].More != true && place.Index == draft.History[place.Line].Entries!.Count - 1),
        place => Change(draft, place.Line, entries => entries.RemoveAt(place.Index)));

    private static IEnumerable<(int Line, int Index)> Entries(Draft draft, EventKind kind) =>
        draft.Lines(kind).SelectMany(line => Enumerable.Range(0, draft.History[line].Entries!.Count).Select(index => (line, index)));

    private static void Change(Draft draft, int line, Action<List<HistoryEntry>> change)
    {
        List<HistoryEntry> entries = [.. draft.History[line].Entries!];
        change(entries);
        draft.Replace(line, draft.History[line] with { Entries = entries });
    }
}
