namespace Broker.Tests.Checker.Rooms;

public sealed class RoomHistoryCheckerSpecs
{
    private const int Histories = 1000;

    [Fact]
    public void What_may_be_passes()
    {
        for (var seed = 0; seed < Histories; seed++)
        {
            Assert.Empty(RoomHistoryChecker.Check(Make(new Random(seed))));
        }
    }

    [Fact]
    public void What_may_not_be_is_found_every_time()
    {
        for (var seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            var (changed, what) = Change(Make(random), random);
            Assert.True(RoomHistoryChecker.Check(changed).Count > 0, $"seed {seed}: {what} was not found");
        }
    }

    /// <summary>Four players call a room that moves now and then: one whose call is under way then does not learn its outcome.</summary>
    private static RoomHistory Make(Random random)
    {
        var (time, count, generation) = (0L, 0L, 1L);
        List<RoomCall> calls = [];
        List<RoomSight> sights = [.. Enumerable.Range(0, 4).Select(static player => new RoomSight($"p{player}", 0, 1))];
        for (var round = 0; round < 30; round++)
        {
            if (random.Next(10) == 0)
            {
                generation++;
                sights.AddRange(Enumerable.Range(0, 4).Select(player => new RoomSight($"p{player}", time, generation)));
            }

            // The calls of a round overlap: the room takes them in any order.
            var order = Enumerable.Range(0, 4).ToArray();
            random.Shuffle(order);
            foreach (var player in order)
            {
                var outcome = random.Next(12) switch { 0 => RoomCallOutcome.Unknown, 1 => RoomCallOutcome.Refused, _ => RoomCallOutcome.Done };
                count += outcome == RoomCallOutcome.Done || (outcome == RoomCallOutcome.Unknown && random.Next(2) == 0) ? 1 : 0;
                calls.Add(new RoomCall($"p{player}", time + random.Next(5), time + 10 + random.Next(5), outcome, outcome == RoomCallOutcome.Done ? count : 0));
            }

            time += 20;
        }

        // One move and two calls at least, for what is changed below.
        sights.AddRange([new RoomSight("p0", time, generation + 1), new RoomSight("p1", time, generation + 1)]);
        calls.AddRange([new RoomCall("p0", time, time + 1, RoomCallOutcome.Done, count + 1), new RoomCall("p1", time + 5, time + 6, RoomCallOutcome.Done, count + 2)]);
        return new RoomHistory { Calls = calls, Sights = sights, Final = count + 2 };
    }

    private static (RoomHistory Changed, string What) Change(RoomHistory history, Random random)
    {
        var done = history.Calls.Where(static call => call.Outcome == RoomCallOutcome.Done).ToList();
        var (one, other) = (done[random.Next(done.Count)], done[^1]);
        var any = history.Calls[random.Next(history.Calls.Count)];
        one = ReferenceEquals(one, other) ? done[^2] : one;
        return random.Next(7) switch
        {
            0 => (With(history, one, one with { Count = other.Count }), "a count that was given twice"),
            1 => (With(With(history, one, one with { Count = other.Count }), other, other with { Count = one.Count }), "an answer older than one before it"),
            2 => (history with { Final = other.Count - 1 }, "a done call that is gone"),
            3 => (history with { Final = history.Calls.Count + 1 }, "a call that was taken twice"),
            4 => (With(history, any, any with { Ended = null }), "a call that was never answered"),
            5 => (With(history, any, any with { Ended = any.Sent + history.Patience + 1 }), "a call that was answered late"),
            _ => (history with { Sights = [.. history.Sights, new RoomSight("p0", long.MaxValue, 1)] }, "a generation after a higher one"),
        };
    }

    private static RoomHistory With(RoomHistory history, RoomCall old, RoomCall changed) =>
        history with { Calls = [.. history.Calls.Select(call => ReferenceEquals(call, old) ? changed : call)] };
}
