using System.Globalization;
using System.Text;
using Broker.Rooms;
using Broker.Rooms.Hosting;
using Broker.Rooms.Testing;

namespace Broker.Tests.Rooms;

public sealed class RoomTesterSpecs
{
    private static readonly Action<RoomOptions> Ticking = static options => options.StepRate = 10;

    [Fact]
    public void Players_see_what_the_room_sends_them()
    {
        var tester = RoomTester.For<DiceRoom>(Ticking).With<TextWriter>(TextWriter.Null).Create();
        var ann = tester.Join("ann");
        var bob = tester.Join();
        Assert.Equal(("p1", "p2"), (ann.Id, bob.Id));
        Assert.Null(ann.Send("throw"));
        Assert.Single(bob.Texts("thrown"));
        Assert.Equal(ann.Texts("thrown"), bob.Texts("thrown"));
        Assert.Equal("1", ann.Call("count").Data.Text);
        Assert.Equal("unknown method", ann.Call("nonsense").FailureReason);
        Assert.Equal("1", bob.Sync().Text);
    }

    [Fact]
    public void Time_goes_on_step_by_step()
    {
        var tester = RoomTester.For<DiceRoom>(Ticking).With<TextWriter>(TextWriter.Null).Create();
        tester.Join();
        tester.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(6_000, tester.Tick);
        Assert.Empty(tester.Reports);
    }

    [Fact]
    public void Lost_connection_comes_back_or_is_too_late()
    {
        var tester = RoomTester.For<DiceRoom>(Ticking).With<TextWriter>(TextWriter.Null).Create();
        var ann = tester.Join();
        var bob = tester.Join();
        ann.Drop();
        tester.Advance(TimeSpan.FromSeconds(5));
        Assert.True(ann.Return());
        ann.Drop();
        tester.Advance(TimeSpan.FromSeconds(31));
        Assert.False(ann.Return());
        Assert.Equal(RoomError.Forbidden, ann.Refusal!.Error);
        bob.Leave();
        Assert.Equal(RoomPhase.Ended, tester.Phase);
        Assert.Throws<InvalidOperationException>(() => tester.Snapshot);
    }

    [Fact]
    public void Room_survives_a_crash_with_its_players_and_their_last_answer()
    {
        var tester = RoomTester.For<DiceRoom>(Ticking).With<TextWriter>(TextWriter.Null).Create();
        var ann = tester.Join();
        ann.Send("throw");
        tester.CrashAndRestore();
        Assert.Equal("1", ann.State.Text);
        Assert.Equal(StateReason.Restored, Assert.IsType<StateShown>(ann.Seen[^1]).Reason);
        Assert.Equal("1", ann.Call("count").Data.Text);
    }

    [Fact]
    public void Room_goes_back_a_second_at_most()
    {
        var tester = RoomTester.For<DiceRoom>(Ticking).With<TextWriter>(TextWriter.Null).Create();
        tester.Join();
        tester.Advance(TimeSpan.FromMilliseconds(4_700));
        tester.CrashAndRestore();
        Assert.Equal(40, tester.Tick);
        tester.CrashAndRestore(savedNow: true);
        Assert.Equal(40, tester.Tick);
    }

    [Fact]
    public async Task Work_runs_when_the_test_says_so()
    {
        var tester = RoomTester.For<DiceRoom>(Ticking).With<TextWriter>(TextWriter.Null).Create();
        var ann = tester.Join();
        ann.Send("load");
        Assert.Empty(ann.Texts("loaded"));
        await tester.RunWorkAsync();
        Assert.Equal(["9"], ann.Texts("loaded"));
    }

    [Fact]
    public void Same_seed_and_inputs_give_the_same_bytes_and_another_seed_others()
    {
        static void Play(RoomTester tester)
        {
            tester.With<TextWriter>(TextWriter.Null).Create("{}");
            var ann = tester.Join("ann");
            var bob = tester.Join();
            for (var turn = 0; turn < 20; turn++)
            {
                ann.Send("throw");
                tester.Advance(TimeSpan.FromMilliseconds(130));
            }

            bob.Drop();
            tester.CrashAndRestore();
        }

        Assert.True(RoomTester.IsDeterministic<DiceRoom>(Play, Ticking));
        var (one, other) = (RoomTester.For<DiceRoom>(Ticking, seed: 1), RoomTester.For<DiceRoom>(Ticking, seed: 2));
        Play(one);
        Play(other);
        Assert.False(one.Snapshot.Span.SequenceEqual(other.Snapshot.Span));
    }

    [Fact]
    public void Room_with_randomness_of_its_own_is_found_out() =>
        Assert.False(RoomTester.IsDeterministic<WildRoom>(static tester => tester.Create().Join().Send("throw")));

    /// <summary>Throws dice when somebody says so. Asks for a service.</summary>
    public sealed class DiceRoom(TextWriter log) : Room
    {
        private int _count;

        public override void Message(RoomPlayer player, RoomMessage message)
        {
            log.WriteLine(message.Name);
            if (message.Name == "load")
            {
                Context.Run("load", static _ => Task.FromResult(RoomData.Json("9")));
                return;
            }

            _count++;
            Context.Send("thrown", RoomData.Json(Context.Random.Next(1, 7).ToString(CultureInfo.InvariantCulture)));
        }

        public override CallAnswer Call(RoomPlayer player, string method, RoomData data) => method == "count" ? CallAnswer.Result(State(player)) : base.Call(player, method, data);

        public override void WorkDone(string name, WorkResult result) => Context.Send("loaded", result.Data);

        public override RoomData State(RoomPlayer viewer) => RoomData.Json(_count.ToString(CultureInfo.InvariantCulture));

        public override ReadOnlyMemory<byte> Snapshot() => Encoding.UTF8.GetBytes(_count.ToString(CultureInfo.InvariantCulture));

        public override void Restore(ReadOnlyMemory<byte> snapshot, int version) => _count = int.Parse(Encoding.UTF8.GetString(snapshot.Span), CultureInfo.InvariantCulture);
    }

    public sealed class WildRoom : Room
    {
        private Guid _last;

        public override void Message(RoomPlayer player, RoomMessage message) => _last = Guid.NewGuid();

        public override ReadOnlyMemory<byte> Snapshot() => _last.ToByteArray();

        public override void Restore(ReadOnlyMemory<byte> snapshot, int version)
        {
        }
    }
}
