namespace Broker.Tests.Checker.Rooms;

/// <summary>Finds what may not be in a <see cref="RoomHistory"/>.</summary>
/// <remarks>
/// <list type="table">
/// <item><term>one room</term><description>No count is given twice, what was called after an answer counts higher than it, and no player sees a generation after a higher one.</description></item>
/// <item><term>survives</term><description>In the end everything that was done counts, once, and nothing else but what may have been taken.</description></item>
/// <item><term>answered</term><description>Every call is answered, or its connection lost, in time.</description></item>
/// </list>
/// </remarks>
internal static class RoomHistoryChecker
{
    /// <returns>What is wrong; empty: nothing.</returns>
    public static IReadOnlyList<string> Check(RoomHistory history)
    {
        var done = history.Calls.Where(static call => call.Outcome == RoomCallOutcome.Done).ToList();
        var unknown = history.Calls.Count(static call => call.Outcome == RoomCallOutcome.Unknown);
        return [.. Twice(done), .. Order(done), .. Generations(history.Sights), .. Final(history.Final, done, unknown), .. Late(history)];
    }

    private static IEnumerable<string> Twice(IEnumerable<RoomCall> done) =>
        from call in done
        group call by call.Count into same
        where same.Count() > 1
        select $"one room: {same.Key} was given {same.Count()} times: {string.Join(", ", same)}";

    private static IEnumerable<string> Order(List<RoomCall> done)
    {
        var answered = new Queue<RoomCall>(done.OrderBy(static call => call.Ended));
        var highest = 0L;
        foreach (var call in done.OrderBy(static call => call.Sent))
        {
            while (answered.TryPeek(out var earlier) && earlier.Ended < call.Sent)
            {
                highest = Math.Max(highest, answered.Dequeue().Count);
            }

            if (call.Count <= highest)
            {
                yield return $"one room: {call} was called after {highest} had been answered";
            }
        }
    }

    private static IEnumerable<string> Generations(IEnumerable<RoomSight> sights) =>
        from sight in sights
        group sight by sight.Player into own
        from pair in own.Zip(own.Skip(1))
        where pair.Second.Generation < pair.First.Generation
        select $"one room: {pair.Second} was seen after {pair.First}";

    private static IEnumerable<string> Final(long final, List<RoomCall> done, int unknown)
    {
        var least = Math.Max(done.Count, done.Select(static call => call.Count).DefaultIfEmpty().Max());
        if (final < least)
        {
            yield return $"survives: {final} are left of {least}";
        }

        if (final > done.Count + unknown)
        {
            yield return $"survives: {final} were taken, {done.Count} are done and {unknown} unknown";
        }
    }

    private static IEnumerable<string> Late(RoomHistory history) =>
        from call in history.Calls
        where call.Ended is null || call.Ended - call.Sent > history.Patience
        select $"answered: {call}";
}
