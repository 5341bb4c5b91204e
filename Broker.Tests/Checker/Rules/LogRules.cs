namespace Broker.Tests.Checker.Rules;

/// <summary>I1, I5, I6 and the pages of I2: what everybody knows of a topic is one log, and it has what was promised.</summary>
internal static class LogRules
{
    public static void Check(HistoryFacts facts, Report report)
    {
        CheckOrder(facts, report);
        CheckOnce(facts, report);
        var sightings = facts.Sightings.ToLookup(static seen => seen.Topic);
        foreach (var line in facts.Finals)
        {
            CheckStored(facts, report, line, sightings[facts.History[line].Topic!]);
        }

        CheckPages(facts, report);
    }

    private static void CheckOrder(HistoryFacts facts, Report report)
    {
        Dictionary<(string, string, long), Sighting> known = [];
        foreach (var seen in facts.Sightings)
        {
            var position = (seen.Topic, seen.Epoch, seen.Offset);
            report.Require(seen is { Epoch.Length: > 0, Offset: > 0 }, Invariant.TotalOrder, $"{seen.Id} has no epoch or no offset", seen.Line);
            if (known.TryGetValue(position, out var first))
            {
                report.Require(
                    first.Id == seen.Id && first.Data == seen.Data, Invariant.TotalOrder, $"{position} is {seen.Id} {seen.Data} here and {first.Id} {first.Data} there", first.Line, seen.Line);
            }
            else
            {
                known.Add(position, seen);
            }
        }
    }

    private static void CheckOnce(HistoryFacts facts, Report report)
    {
        Dictionary<(string, string, string?, string), Sighting> known = [];
        foreach (var seen in facts.Sightings)
        {
            var (client, name) = facts.Publishes.TryGetValue(seen.Id, out var publishes) && publishes[0].Asked is { Key: { } key } asked ? (asked.Client, key) : (null, seen.Id);
            if (known.TryGetValue((seen.Topic, seen.Epoch, client, name), out var first))
            {
                report.Require(
                    first.Offset == seen.Offset, Invariant.IdempotentPublish, $"{client} {name} is at {seen.Offset} and at {first.Offset} of {seen.Topic} {seen.Epoch}", first.Line, seen.Line);
            }
            else
            {
                known.Add((seen.Topic, seen.Epoch, client, name), seen);
            }
        }
    }

    private static void CheckStored(HistoryFacts facts, Report report, int line, IEnumerable<Sighting> sightings)
    {
        var final = facts.History[line];
        var settings = facts.Settings(final.Topic);
        var trimmed = settings?.Size is { } size ? final.Offset!.Value - size : 0;
        var offsets = final.Entries!.Select(static entry => entry.Offset).ToHashSet();
        var ids = final.Entries!.Select(static entry => entry.Id).ToHashSet();
        HashSet<(string, long)> told = [];
        foreach (var seen in sightings)
        {
            var isStored = seen.Epoch == final.Epoch
                ? offsets.Contains(seen.Offset) || seen.Offset <= trimmed
                : settings?.Durable != true || ids.Contains(seen.Id) || trimmed > 0;
            report.Require(
                isStored || !told.Add((seen.Epoch, seen.Offset)),
                Invariant.AcknowledgedIsStored,
                $"{seen.Id} was {(seen.IsAnswer ? "acknowledged" : "seen")} at {seen.Topic} {seen.Epoch} {seen.Offset} and is not in the history of {final.Node}",
                seen.Line,
                line);
        }
    }

    /// <summary>What a page or the last reading has is without holes; a page begins behind its position, the last reading ends with the top.</summary>
    private static void CheckPages(HistoryFacts facts, Report report)
    {
        for (var line = 0; line < facts.History.Count; line++)
        {
            var page = facts.History[line];
            if (page.Entries is not { } entries)
            {
                continue;
            }

            for (var i = 1; i < entries.Count; i++)
            {
                report.Require(entries[i].Offset == entries[i - 1].Offset + 1, Invariant.Contiguity, $"history has {entries[i].Offset} behind {entries[i - 1].Offset}", line);
            }

            var request = facts.Find(page.Call);
            var since = request?.Asked.Offset ?? 0;
            var isWhole = page.More == true || (entries.Count > 0 ? entries[^1].Offset == page.Offset : since >= page.Offset);
            report.Require(isWhole, Invariant.Contiguity, $"history does not end with its top, {page.Offset}", line);
            if (request is not null && entries.Count > 0)
            {
                var trimmed = facts.Settings(request.Asked.Topic)?.Size is { } size ? page.Offset!.Value - size : 0;
                report.Require(
                    entries[0].Offset > since && entries[0].Offset <= Math.Max(since, trimmed) + 1, Invariant.Contiguity, $"a page behind {since} begins at {entries[0].Offset}", request.Line, line);
            }
        }
    }
}
