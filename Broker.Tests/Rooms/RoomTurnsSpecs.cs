using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms;

/// <summary>Steps, appointments, work, and what a room may do in its turn.</summary>
public sealed class RoomTurnsSpecs
{
    [Fact]
    public void Steps_come_at_their_moments_whenever_the_host_is_advanced()
    {
        var bench = Ticking(3);
        bench.Advance(333);
        Assert.Equal("", bench.Calls);
        bench.Advance(1);
        Assert.Equal("step 1 at 333.3333", bench.Calls);
        bench.Advance(400);
        bench.Advance(266);
        Assert.Equal("step 2 at 666.6666; step 3 at 1000", bench.Calls);
        Assert.Equal(TimeSpan.FromTicks(13_333_333), bench.Host.NextDue);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    public void Rate_does_not_drift(int rate)
    {
        var bench = Ticking(rate);
        for (var count = 0; count < 1_000; count++)
        {
            bench.Advance(10);
        }

        Assert.Equal(rate * 10, bench.Host.Tick);
        Assert.Empty(bench.Reports);
    }

    [Fact]
    public void Late_room_catches_up_a_little_and_then_slows_down()
    {
        var bench = Ticking(20);
        bench.Advance(250);
        Assert.Equal(5, bench.Host.Tick);
        Assert.Empty(bench.Reports);
        bench.Advance(10_000);
        Assert.Equal(11, bench.Host.Tick);
        Assert.Equal(new RoomLate(TimeSpan.FromMilliseconds(9_700)), Assert.Single(bench.Reports));
        bench.Advance(50);
        Assert.Equal(12, bench.Host.Tick);
    }

    [Fact]
    public void Clock_that_goes_back_is_a_clock_that_stands_still()
    {
        var bench = Ticking(10);
        bench.Advance(100);
        bench.Host.Advance(TimeSpan.Zero);
        bench.Advance(100);
        Assert.Equal(2, bench.Host.Tick);
    }

    [Fact]
    public void Appointments_come_by_their_times_and_before_the_step_of_the_same_time()
    {
        var bench = Ticking(10);
        InMessage(bench, static context =>
        {
            context.Schedule(TimeSpan.FromMilliseconds(150), "later", RoomData.Json("1"));
            context.ScheduleTicks(1, "sooner");
            context.Schedule(TimeSpan.FromMilliseconds(100), "as soon");
            Assert.True(context.Cancel(context.Schedule(TimeSpan.FromMilliseconds(50), "never")));
            Assert.False(context.Cancel(99));
        });
        bench.Advance(200);
        Assert.Equal("due sooner none at 100; due as soon none at 100; step 1 at 100; due later 1 at 150; step 2 at 200", bench.Calls);
    }

    [Fact]
    public void Room_without_steps_wakes_for_its_appointments_only()
    {
        var bench = new HostBench();
        bench.Join(1);
        InMessage(bench, static context => context.Schedule(TimeSpan.FromMinutes(5), "tea"));
        Assert.Equal(TimeSpan.FromMinutes(5), bench.Host.NextDue);
        bench.Advance(300_000);
        Assert.Equal("due tea none at 300000", bench.Calls);
        Assert.Empty(bench.Reports);
        Assert.Null(bench.Host.NextDue);
    }

    /// <summary>One that makes the next as soon as it may is no endless loop.</summary>
    [Fact]
    public void Appointment_that_makes_the_next_one_is_bounded_too()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Script.On["due"] = static (context, _) => context.Schedule(TimeSpan.FromMilliseconds(1), "again");
        InMessage(bench, static context => context.Schedule(TimeSpan.FromMilliseconds(1), "again"));
        bench.Advance(3_600_000);
        Assert.InRange(bench.Script.Calls.Count, 1, 300);
    }

    [Fact]
    public void Events_go_to_whom_they_are_meant_for()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Join(2);
        bench.Join(3);
        bench.Do(static host => host.Drop(HostBench.At(3)));
        _ = bench.Told;
        InMessage(bench, static context =>
        {
            var (one, three) = (context.Find("p1")!, context.Find("p3")!);
            context.Send("all", RoomData.None, one);
            context.SendTo(one, "one", RoomData.None);
            context.SendTo(three, "lost", RoomData.None);
            context.SendToOthers(one, "others", RoomData.None);
            context.SendToOthers(three, "who is there", RoomData.None);
            Assert.Null(context.Find("p4"));
        });
        Assert.Equal("Everybody 0 all from p1; Only 1 one; AllBut 1 others; Everybody 0 who is there", bench.Told);
    }

    [Fact]
    public void Message_reaches_the_room_and_is_answered_when_it_was_taken()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Join(2);
        _ = bench.Calls;
        Assert.IsType<RequestDone>(bench.Send(1, "hi", to: "p2"));
        bench.Do(static host => host.Send(default, HostBench.At(1), "", RoomData.None));
        Assert.Equal("message p1 hi 1 p2; message p1  none", bench.Calls);
        Assert.Equal(RoomError.InvalidMessage, Assert.IsType<RequestRefused>(bench.Send(1, to: "p9")).Error);
        Assert.Equal(RoomError.InvalidMessage, Assert.IsType<RequestRefused>(bench.Send(1, new string('n', RoomLimits.Name + 1))).Error);
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Send(9)).Error);
        Assert.Equal("", bench.Calls);
    }

    [Fact]
    public void Call_is_answered_as_the_room_says()
    {
        var bench = new HostBench();
        bench.Join(1);
        Assert.Equal("\"answer\"", Assert.IsType<RequestDone>(bench.Call(1)).Data.Text);
        bench.Script.CallAnswer = CallAnswer.Failed("not now", RoomData.Json("3"));
        var failed = Assert.IsType<RequestRefused>(bench.Call(1));
        Assert.Equal((RoomError.Failed, "not now", "3"), (failed.Error, failed.Reason, failed.Data.Text));
        Assert.Equal(RoomError.Forbidden, Assert.IsType<RequestRefused>(bench.Call(9)).Error);
    }

    [Fact]
    public void State_is_shown_to_who_asks()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Send(1);
        Assert.Equal("1", Assert.IsType<StateShown>(bench.Ask(static (host, request) => host.Sync(request, HostBench.At(1)))).Data.Text);
        Assert.IsType<RequestRefused>(bench.Ask(static (host, request) => host.Sync(request, HostBench.At(2))));
    }

    [Fact]
    public void Lobby_hears_of_every_change_once()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Outputs.Clear();
        InMessage(bench, static context =>
        {
            context.SetMetadata("mode", "duel");
            context.SetMetadata("map", "x");
            context.SetMetadata("map", null);
            context.Lock();
            context.Lock();
        });
        var listing = Assert.Single(bench.Outputs.OfType<ListingChanged>()).Listing;
        Assert.Equal((1, 16, 0, true, false), (listing.Players, listing.MaxPlayers, listing.Spectators, listing.IsLocked, listing.IsPrivate));
        Assert.Equal([new("mode", "duel")], listing.Metadata);
        InMessage(bench, static context => context.Unlock());
        Assert.False(bench.Outputs.OfType<ListingChanged>().Last().Listing.IsLocked);
    }

    [Fact]
    public void Room_that_ends_answers_first_and_then_nobody()
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Outputs.Clear();
        InMessage(bench, static context => context.End());
        Assert.Equal([typeof(RequestDone), typeof(RoomEnded)], bench.Outputs.Select(static output => output.GetType()));
        Assert.Equal(RoomError.RoomNotFound, Assert.IsType<RequestRefused>(bench.Send(1)).Error);
        Assert.Equal(RoomError.RoomNotFound, Assert.IsType<RequestRefused>(bench.Ask(static (host, request) => host.Leave(request, HostBench.At(1)))).Error);
        Assert.Null(bench.Host.TakeSnapshot());
        bench.Advance(1_000_000);
        Assert.Single(bench.Outputs.OfType<RoomEnded>());
    }

    /// <summary>Else it could be restored after it has said its last words.</summary>
    [Fact]
    public void Room_that_has_ended_says_so_when_nobody_can_restore_it_any_more()
    {
        var bench = new HostBench();
        bench.Join(1);
        _ = bench.Told;
        bench.Host.End();
        Assert.Equal("", bench.Told);
        Assert.True(bench.Host.NeedsRemoval);
        bench.Host.SnapshotRemoved();
        Assert.Equal("ended", bench.Told);
        Assert.False(bench.Host.NeedsRemoval);
    }

    [Fact]
    public async Task Work_comes_back_in_a_turn_of_its_own()
    {
        var bench = new HostBench();
        bench.Join(1);
        InMessage(bench, static context => context.Run("load", static _ => Task.FromResult(RoomData.Json("5"))));
        var work = Assert.Single(bench.Work);
        var data = await work.Run(work.Cancellation);
        bench.Do(host => host.WorkEnded(work.Id, data));
        bench.Do(host => host.WorkEnded(work.Id, data));
        Assert.Equal("work load 5", bench.Calls);
        InMessage(bench, static context => context.Run("bad", static _ => Task.FromResult(RoomData.None)));
        bench.Do(host => host.WorkEnded(bench.Work[1].Id, default, "no such table"));
        Assert.Equal("work bad no such table", bench.Calls);
    }

    [Fact]
    public void Work_is_cancelled_with_the_room()
    {
        var bench = new HostBench();
        bench.Join(1);
        InMessage(bench, static context => context.Run("load", static _ => Task.FromResult(RoomData.None)));
        Assert.False(bench.Work[0].Cancellation.IsCancellationRequested);
        bench.Do(static host => host.End());
        Assert.True(bench.Work[0].Cancellation.IsCancellationRequested);
        bench.Do(host => host.WorkEnded(bench.Work[0].Id, default));
        Assert.DoesNotContain("work", bench.Calls, StringComparison.Ordinal);
    }

    [Fact]
    public void Suspended_room_stands_still_and_goes_on_where_it_was()
    {
        var bench = Ticking(10);
        InMessage(bench, static context => context.Run("load", static _ => Task.FromResult(RoomData.None)));
        _ = (bench.Told, bench.Calls);
        bench.Do(static host => host.Suspend());
        bench.Do(static host => host.Suspend());
        Assert.Null(bench.Host.NextDue);
        bench.Advance(10_000);
        Assert.Equal(RoomError.Unavailable, Assert.IsType<RequestRefused>(bench.Send(1)).Error);
        bench.Do(host => host.WorkEnded(bench.Work[0].Id, RoomData.Json("1")));
        Assert.Equal("", bench.Calls);
        bench.Do(static host => host.Resume());
        bench.Advance(100);
        Assert.Equal("paused; state 1 to 1 Resumed", bench.Told);
        Assert.Equal("work load 1; step 1 at 100", bench.Calls);
    }

    [Theory]
    [InlineData(1.0, 0, RoomPhase.Running)]
    [InlineData(1.1, 1, RoomPhase.Running)]
    [InlineData(10.0, 1, RoomPhase.Running)]
    [InlineData(10.1, 1, RoomPhase.Ended)]
    public void Long_turn_is_reported_and_a_very_long_one_gives_the_room_up(double seconds, int reports, RoomPhase phase)
    {
        var bench = new HostBench();
        bench.Join(1);
        bench.Do(host => host.Measured(TimeSpan.FromSeconds(seconds)));
        Assert.Equal(reports, bench.Reports.OfType<TurnSlow>().Count());
        Assert.Equal(phase, bench.Host.Phase);
        Assert.Equal(phase == RoomPhase.Ended, bench.Told.EndsWith("failed", StringComparison.Ordinal));
    }

    public static TheoryData<string, Action<RoomContext>> TooMuch => new()
    {
        { "sends", static context => Repeat(RoomLimits.SendsPerTurn + 1, () => context.Send("", RoomData.None)) },
        { "bytes of a turn", static context => Repeat(17, () => context.Send("", RoomData.Json(new byte[RoomLimits.Data]))) },
        { "bytes of an event", static context => context.Send("", RoomData.Json(new byte[RoomLimits.Data + 1])) },
        { "name", static context => context.Send(new string('n', RoomLimits.Name + 1), RoomData.None) },
        { "appointments", static context => Repeat(RoomLimits.Appointments + 1, () => context.Schedule(TimeSpan.FromDays(1), "a")) },
        { "bytes of appointments", static context => context.Schedule(TimeSpan.FromDays(1), "a", RoomData.Json(new byte[RoomLimits.AppointmentBytes + 1])) },
        { "no time", static context => context.Schedule(TimeSpan.Zero, "a") },
        { "far away", static context => context.Schedule(TimeSpan.MaxValue, "a") },
        { "no steps", static context => context.ScheduleTicks(1, "a") },
        { "metadata", static context => Repeat(RoomLimits.Metadata + 1, number => context.SetMetadata($"k{number}", "v")) },
        { "long metadata", static context => context.SetMetadata("k", new string('v', RoomLimits.MetadataText + 1)) },
        { "work", static context => Repeat(RoomLimits.Work + 1, () => context.Run("w", static _ => Task.FromResult(RoomData.None))) },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public void Room_that_wants_too_much_has_failed_and_nothing_of_it_goes_out(string what, Action<RoomContext> turn)
    {
        var bench = new HostBench();
        bench.Join(1);
        _ = bench.Told;
        bench.Script.On["message"] = (context, _) => turn(context);
        Assert.Equal(RoomError.Internal, Assert.IsType<RequestRefused>(bench.Send(1)).Error);
        Assert.IsType<RoomException>(Assert.Single(bench.Reports.OfType<RoomFailed>()).Fault);
        Assert.Empty(bench.Work);
        Assert.True(bench.Told == "paused", what);
    }

    [Fact]
    public void Context_is_of_no_use_outside_of_a_turn()
    {
        var bench = new HostBench();
        RoomContext? kept = null;
        bench.Join(1);
        InMessage(bench, context => kept = context);
        Assert.Throws<RoomException>(() => kept!.Send("", RoomData.None));
        Assert.Throws<RoomException>(() => kept!.Kick(kept.Players[0]));
        Assert.Throws<RoomException>(() => kept!.Random);
        Assert.Throws<InvalidOperationException>(() => new EagerRoom());
    }

    private static void Repeat(int times, Action action) => Repeat(times, _ => action());

    private static void Repeat(int times, Action<int> action)
    {
        for (var time = 0; time < times; time++)
        {
            action(time);
        }
    }

    private static HostBench Ticking(int rate)
    {
        var bench = new HostBench(options => options.StepRate = rate);
        bench.Join(1);
        _ = (bench.Calls, bench.Told);
        return bench;
    }

    private static void InMessage(HostBench bench, Action<RoomContext> turn)
    {
        bench.Script.On["message"] = (context, _) => turn(context);
        Assert.IsType<RequestDone>(bench.Send(1));
        bench.Script.On.Remove("message");
        bench.Script.Calls.Clear();
    }

    private sealed class EagerRoom : Room
    {
        public EagerRoom() => Context.Lock();

        public override ReadOnlyMemory<byte> Snapshot() => default;

        public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
        {
        }
    }
}
