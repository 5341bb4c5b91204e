using Broker.Rooms.Hosting;
using Broker.Rooms.Testing;

namespace MyGame;

public sealed class RaceRoomTests
{
    private readonly RoomTester _room = RoomTester.For<RaceRoom>(RaceRoom.Configure).Create();

    [Fact]
    public void Who_is_first_after_20_metres_wins()
    {
        var (ann, bob) = (_room.Join("ann"), _room.Join("bob"));
        Assert.Equal("not yet", ann.Call("run", "1").FailureReason);
        _room.Advance(TimeSpan.FromSeconds(3));
        Assert.Single(bob.Texts("start"));

        Assert.Equal("1 to 3 steps at a time", ann.Call("run", "\"fast\"").FailureReason);
        while (_room.Phase == RoomPhase.Running)
        {
            ann.Call("run", "3");
        }

        Assert.Equal(["""{"player":"p1"}"""], bob.Texts("won"));
    }

    [Fact]
    public void Nobody_joins_a_race_that_is_on()
    {
        _room.Join();
        _room.Join();
        _room.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("the race is on", _room.Join().Refusal!.Reason);
    }

    [Fact]
    public void Race_survives_the_death_of_its_node()
    {
        var (ann, bob) = (_room.Join(), _room.Join());
        _room.Advance(TimeSpan.FromSeconds(3));
        var metres = ann.Call("run", "3").Data.Text;
        _room.CrashAndRestore();
        Assert.Contains($"\"p1\":{metres}", bob.State.Text, StringComparison.Ordinal);
        Assert.Null(bob.Call("run", "1").FailureReason);
    }

    [Fact]
    public void Same_seed_and_inputs_are_the_same_race() =>
        Assert.True(RoomTester.IsDeterministic<RaceRoom>(
            static room =>
            {
                var (ann, _) = (room.Create().Join(), room.Join());
                room.Advance(TimeSpan.FromSeconds(3));
                ann.Call("run", "2");
            },
            RaceRoom.Configure));
}
