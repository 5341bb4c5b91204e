using Akka.Actor;
using Broker.Node.Rooms;

namespace Broker.Tests.Rooms;

public sealed class RoomTurnSpecs
{
    private readonly RoomTurn _turn;
    private int _lost;

    public RoomTurnSpecs() => _turn = new RoomTurn(ActorRefs.Nobody, () => _lost++);

    [Fact]
    public void Room_is_given_up_once_when_its_turn_is_too_long()
    {
        _turn.Begin(100);
        _turn.Look(109, 10);
        Assert.Equal(0, _lost);
        _turn.Look(110, 10);
        _turn.Look(111, 10);
        Assert.Equal(1, _lost);
    }

    [Fact]
    public void Turn_that_has_ended_is_not_too_long()
    {
        _turn.Begin(100);
        _turn.End();
        _turn.Look(1000, 10);
        Assert.Equal(0, _lost);
    }
}
