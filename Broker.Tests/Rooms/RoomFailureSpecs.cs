using Broker.Rooms;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms;

/// <summary>A room whose code throws harms itself alone.</summary>
public sealed class RoomFailureSpecs
{
    [Fact]
    public void Room_that_throws_goes_on_from_its_last_snapshot_after_a_second()
    {
        var bench = Playing();
        bench.Send(1);
        Fail(bench);
        Assert.Equal("paused", bench.Told);
        Assert.Equal(RoomPhase.Failed, bench.Host.Phase);
        Assert.Equal(RoomError.Unavailable, Assert.IsType<RequestRefused>(bench.Send(1)).Error);
        _ = bench.Calls;
        bench.Advance(999);
        Assert.Equal("", bench.Calls);
        bench.Advance(1);
        Assert.Equal("restore 1 of version 1", bench.Calls);
        Assert.Equal("state 1 to 1 Restored; state 1 to 2 Restored", bench.Told);
        Assert.IsType<RequestDone>(bench.Send(1));
    }

    /// <summary>CF-21: at most one try a second, and an end.</summary>
    [Fact]
    public void Waits_grow_and_after_so_many_failures_the_room_ends()
    {
        var bench = Playing(static options => options.MaxFailures = 5);
        bench.Script.On["restore"] = static (_, _) => throw new InvalidOperationException("poison");
        Fail(bench);
        List<double> waits = [];
        while (bench.Host.NextDue is { } due)
        {
            waits.Add((due - bench.Now).TotalSeconds);
            bench.Advance(waits[^1] * 1_000);
        }

        Assert.Equal([1, 2, 4, 8, 15], waits);
        Assert.Equal("paused; paused; paused; paused; paused; failed", bench.Told);
        Assert.Equal([1, 2, 3, 4, 5, 6], bench.Reports.OfType<RoomFailed>().Select(static report => report.Failures));
        Assert.Null(bench.Reports.OfType<RoomFailed>().Last().RestartIn);
    }

    [Fact]
    public void Failures_long_ago_do_not_count()
    {
        var bench = Playing(static options => options.MaxFailures = 1);
        Fail(bench);
        bench.Advance(1_000);
        bench.Advance(60_000);
        Fail(bench);
        Assert.Equal(RoomPhase.Failed, bench.Host.Phase);
        bench.Advance(1_000);
        Fail(bench);
        Assert.Equal(RoomPhase.Ended, bench.Host.Phase);
    }

    [Fact]
    public void Room_that_cannot_be_created_ends_and_says_so()
    {
        var script = new RoomScript { On = { ["created"] = static (_, _) => throw new InvalidOperationException("no") } };
        var sink = new Sink();
        var kind = new RoomKinds().Add("k", _ => new ScriptedRoom(script)).All.Single();
        var host = RoomHost.Create(new RoomSetup(kind, "r", sink, sink), 1, RoomData.None, TimeSpan.Zero, new RequestId(1, 1));
        host.SnapshotRemoved();
        Assert.Equal(RoomPhase.Ended, host.Phase);
        Assert.Equal(RoomError.Internal, Assert.IsType<RequestRefused>(sink.Outputs[0]).Error);
        Assert.True(Assert.IsType<RoomEnded>(sink.Outputs[1]).HasFailed);
    }

    [Theory]
    [InlineData("joining")]
    [InlineData("state")]
    [InlineData("joined")]
    public void Who_makes_the_room_fail_by_joining_is_not_in(string where)
    {
        var bench = Playing();
        bench.Script.On[where] = static (_, player) => Throw(player!.Id == "p3");
        Assert.Equal(RoomError.Internal, Assert.IsType<RequestRefused>(bench.Join(3)).Error);
        Assert.Equal("paused", bench.Told);
        bench.Advance(1_000);
        Assert.Equal(2, bench.Outputs.OfType<ListingChanged>().LastOrDefault()?.Listing.Players ?? 2);
        Assert.Equal(RoomPhase.Running, bench.Host.Phase);
        Assert.DoesNotContain("p3", bench.Told, StringComparison.Ordinal);
    }

    /// <summary>Seats never go back, so the code has to hear of them again.</summary>
    [Fact]
    public void Room_that_was_restored_is_told_who_came_and_went_since()
    {
        var bench = Playing();
        bench.SavesAtOnce = false;
        bench.Host.Join(bench.NextRequest(), new JoinInput(HostBench.At(3)));
        bench.Do(static host => host.Drop(HostBench.At(2)));
        Fail(bench);
        bench.Do(static host => host.Leave(default, HostBench.At(1)));
        _ = bench.Calls;
        bench.Advance(1_000);
        Assert.Equal("restore 0 of version 1; left p1 Left; dropped p2; joined p3", bench.Calls);
        bench.Save();
        Assert.Equal("p3 Joined; p2 Dropped; paused; p1 Left; state 0 to 3 Restored", bench.Told);
    }

    [Fact]
    public void Room_hears_why_somebody_left_before_it_was_restored()
    {
        var bench = Playing(static options => options.Grace = TimeSpan.Zero);
        bench.SavesAtOnce = false;
        bench.Do(static host => host.Drop(HostBench.At(2)));
        Fail(bench);
        _ = bench.Calls;
        bench.Advance(1_000);
        Assert.Equal("restore 0 of version 1; left p2 TimedOut", bench.Calls);
    }

    [Fact]
    public void Answer_that_was_not_kept_is_taken_back_and_nobody_has_seen_it()
    {
        var bench = Playing();
        bench.SavesAtOnce = false;
        var request = bench.NextRequest();
        bench.Host.Call(request, HostBench.At(1), "m", RoomData.None);
        bench.Script.On["message"] = static (context, _) => context.Send("behind it", RoomData.None);
        bench.Host.Send(default, HostBench.At(1), "", RoomData.None);
        Assert.Empty(bench.Outputs);
        Fail(bench);
        var answer = Assert.Single(bench.Outputs, output => output.Request == request);
        Assert.Equal(RoomError.Unavailable, Assert.IsType<RequestRefused>(answer).Error);
        Assert.Equal("paused", bench.Told);
    }

    [Fact]
    public void Answer_in_a_snapshot_on_its_way_is_not_taken_back()
    {
        var bench = Playing();
        bench.SavesAtOnce = false;
        var request = bench.NextRequest();
        bench.Host.Call(request, HostBench.At(1), "m", RoomData.None);
        var snapshot = bench.Host.TakeSnapshot()!;
        Fail(bench);
        Assert.Empty(bench.Outputs);
        bench.Host.SnapshotSaved(snapshot.Number);
        Assert.Equal(request, bench.Outputs[0].Request);
        Assert.IsType<RequestDone>(bench.Outputs[0]);
        _ = bench.Calls;
        bench.Advance(1_000);
        Assert.Equal("restore 1 of version 1", bench.Calls);
    }

    [Fact]
    public void What_the_room_changed_in_the_turn_that_threw_is_undone()
    {
        var bench = Playing();
        bench.Script.On["message"] = static (context, _) =>
        {
            context.Lock();
            context.SetMetadata("k", "v");
            context.Schedule(TimeSpan.FromMilliseconds(1), "never");
            context.Kick(context.Players[1]);
            context.Random.NextBits();
            throw new InvalidOperationException("no");
        };
        bench.Send(1);
        bench.Script.On.Clear();
        bench.Advance(1_000);
        bench.Advance(1_000);
        Assert.IsType<PlayerSeated>(bench.Join(3));
        Assert.IsType<RequestDone>(bench.Send(2));
        Assert.DoesNotContain("due", bench.Calls, StringComparison.Ordinal);
        Assert.DoesNotContain(bench.Outputs.OfType<ListingChanged>(), static changed => changed.Listing.IsLocked || changed.Listing.Metadata.Count > 0);
    }

    [Fact]
    public void Work_of_before_is_cancelled_and_the_room_hears_that_it_was_interrupted()
    {
        var bench = Playing();
        bench.Script.On["message"] = static (context, _) => context.Run("load", static _ => Task.FromResult(RoomData.None));
        bench.Send(1);
        Fail(bench);
        Assert.True(bench.Work[0].Cancellation.IsCancellationRequested);
        _ = bench.Calls;
        bench.Advance(1_000);
        bench.Do(host => host.WorkEnded(bench.Work[0].Id, default));
        Assert.Equal("restore 1 of version 1; work load interrupted", bench.Calls);
    }

    [Theory]
    [InlineData("step")]
    [InlineData("due")]
    [InlineData("dropped")]
    [InlineData("returned")]
    [InlineData("left")]
    [InlineData("call")]
    [InlineData("work")]
    [InlineData("snapshot")]
    public void Wherever_it_throws_the_room_fails_and_comes_back(string where)
    {
        var bench = new HostBench(static options => options.StepRate = 10);
        var token = bench.JoinForToken(1);
        bench.Join(2);
        bench.Script.On["message"] = static (context, _) =>
        {
            context.Schedule(TimeSpan.FromMilliseconds(50), "a");
            context.Run("load", static _ => Task.FromResult(RoomData.None));
        };
        bench.Send(1);
        bench.Script.On[where] = static (_, _) => throw new InvalidOperationException("no");
        bench.Do(static host => host.Drop(HostBench.At(1)));
        bench.Ask((host, request) => host.Join(request, new JoinInput(HostBench.At(1)) { Token = token }));
        bench.Call(2);
        bench.Do(host => host.WorkEnded(bench.Work[0].Id, default));
        bench.Advance(100);
        bench.Do(static host => host.Leave(default, HostBench.At(1)));
        bench.Save();
        Assert.Equal(RoomPhase.Failed, bench.Host.Phase);
        bench.Script.On.Clear();
        bench.Advance(1_000);
        Assert.Equal(RoomPhase.Running, bench.Host.Phase);
        Assert.IsType<RequestDone>(bench.Call(2));
    }

    [Fact]
    public void Snapshot_that_is_too_large_is_a_failure_that_says_how_large()
    {
        var bench = Playing();
        bench.Script.SnapshotBytes = RoomLimits.Snapshot + 1;
        bench.Send(1);
        var fault = Assert.Single(bench.Reports.OfType<RoomFailed>()).Fault;
        Assert.Matches($"The room's snapshot has \\d+ bytes; at most {RoomLimits.Snapshot}\\.", fault.Message);
        bench.Script.SnapshotBytes = 0;
        bench.Advance(1_000);
        Assert.IsType<RequestDone>(bench.Send(1));
    }

    /// <summary>Where nobody keeps snapshots, neither memory nor time runs on.</summary>
    [Fact]
    public void Room_stands_still_when_too_much_waits_for_a_snapshot()
    {
        var bench = new HostBench(static options => options.StepRate = 10);
        bench.Join(1);
        bench.SavesAtOnce = false;
        bench.Script.On["step"] = static (context, _) => context.Send("", RoomData.Json(new byte[RoomLimits.Data]));
        bench.Host.Send(bench.NextRequest(), HostBench.At(1), "", RoomData.None);
        for (var count = 0; count < 100; count++)
        {
            bench.Advance(100);
        }

        Assert.Equal(16, bench.Host.Tick);
        Assert.Equal(RoomError.Unavailable, Assert.IsType<RequestRefused>(bench.Send(1)).Error);
        bench.Save();
        Assert.Equal(16, bench.Outputs.OfType<EventSent>().Count());
        bench.Advance(100);
        Assert.Equal(17, bench.Host.Tick);
    }

    private static void Throw(bool condition)
    {
        if (condition)
        {
            throw new InvalidOperationException("no");
        }
    }

    private static HostBench Playing(Action<RoomOptions>? configure = null)
    {
        var bench = new HostBench(configure);
        bench.Join(1);
        bench.Join(2);
        _ = (bench.Told, bench.Calls);
        return bench;
    }

    private static void Fail(HostBench bench)
    {
        bench.Script.On["message"] = static (context, _) =>
        {
            context.Send("lost", RoomData.None);
            throw new InvalidOperationException("no");
        };
        bench.Do(static host => host.Send(default, HostBench.At(1), "", RoomData.None));
        Assert.NotEqual(RoomPhase.Running, bench.Host.Phase);
        bench.Script.On.Remove("message");
    }

    private sealed class Sink : IRoomOutput, IServiceProvider
    {
        public List<RoomOutput> Outputs { get; } = [];

        public object? GetService(Type serviceType) => null;

        public void Write(RoomOutput output) => Outputs.Add(output);

        public void Report(RoomReport report)
        {
        }

        public void Start(RoomWork work)
        {
        }
    }
}
