using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;

namespace Broker.Tests.Rooms.Lobbies;

/// <summary>Clients that wait to be put together.</summary>
public sealed class MatchSpecs
{
    [Fact]
    public void As_many_as_a_room_seats_get_one_that_is_made_for_them()
    {
        var lobby = new LobbyProbe(1);
        for (var waiter = 0; waiter < 3; waiter++)
        {
            lobby.Wait(("map", "x"));
            Assert.True(lobby.NextTold<LobbyReply>().IsWaiting);
        }

        lobby.Wait(("map", "y"));
        lobby.NextTold<LobbyReply>();
        lobby.AssertNothingAsked();
        lobby.Wait(("map", "x"));
        Assert.True(lobby.NextTold<LobbyReply>().IsWaiting);

        var made = lobby.Answer();
        Assert.Equal(RoomInputKind.Create, made.Kind);
        for (var seat = 0; seat < 4; seat++)
        {
            lobby.Answer();
        }

        LobbyReply[] found = [lobby.NextTold<LobbyReply>(), lobby.NextTold<LobbyReply>(), lobby.NextTold<LobbyReply>(), lobby.NextTold<LobbyReply>()];
        Assert.Equal([1, 2, 3, 5], found.Select(static reply => reply.Number));
        Assert.All(found, reply => Assert.Equal((made.Room, false), (reply.Room, reply.IsWaiting)));
        Assert.Equal(4, found.Select(static reply => reply.Token).Distinct().Count());
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Two_who_have_waited_10_seconds_begin_and_one_waits_on()
    {
        var lobby = new LobbyProbe(1);
        var alone = lobby.Wait();
        lobby.Advance(TimeSpan.FromSeconds(9));
        lobby.Take(alone);
        lobby.Advance(TimeSpan.FromSeconds(9));
        lobby.Take(alone);
        lobby.AssertNothingAsked();
        lobby.Wait();
        lobby.AssertNothingAsked();
        lobby.Advance(TimeSpan.Zero);
        Assert.Equal(RoomInputKind.Create, lobby.Answer().Kind);
        Assert.Equal(RoomInputKind.Reserve, lobby.Answer().Kind);
        Assert.Equal(RoomInputKind.Reserve, lobby.Answer().Kind);
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Who_leaves_the_queue_is_not_waited_for()
    {
        var lobby = new LobbyProbe(1);
        var first = lobby.Wait();
        lobby.Wait();
        lobby.Wait();
        lobby.Take(first with { What = LobbyAskKind.Forget });
        lobby.Wait();
        lobby.AssertNothingAsked();
        lobby.Wait();
        Assert.Equal(RoomInputKind.Create, lobby.NextAsked().Kind);
    }

    [Fact]
    public void Who_is_not_asked_for_any_more_does_not_wait_any_more()
    {
        var lobby = new LobbyProbe(1);
        var first = lobby.Wait();
        lobby.Advance(TimeSpan.FromSeconds(20));
        lobby.Take(first);
        Assert.True(lobby.NextTold<LobbyReply>().IsWaiting);
        lobby.Advance(TimeSpan.FromSeconds(5));

        // It has its place anew, and has waited five seconds in it.
        lobby.Wait();
        lobby.Advance(TimeSpan.FromSeconds(4));
        lobby.AssertNothingAsked();
        lobby.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RoomInputKind.Create, lobby.NextAsked().Kind);
    }

    [Fact]
    public void Same_user_twice_is_one_player()
    {
        var lobby = new LobbyProbe(1);
        for (var waiter = 1; waiter <= 4; waiter++)
        {
            lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, waiter, LobbyAskKind.Wait) { User = "ann", Seats = 4 });
        }

        lobby.Advance(TimeSpan.FromSeconds(10));
        lobby.AssertNothingAsked();
        lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, 5, LobbyAskKind.Wait) { User = "bob", Seats = 4 });
        lobby.Advance(TimeSpan.Zero);
        lobby.Answer();
        Assert.Equal(["ann", "bob"], [lobby.Answer().User, lobby.Answer().User]);
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Room_for_a_match_that_cannot_be_made_is_made_once_more_and_then_unavailable()
    {
        var lobby = new LobbyProbe(1);
        for (var waiter = 0; waiter < 4; waiter++)
        {
            lobby.Wait();
            lobby.NextTold<LobbyReply>();
        }

        lobby.Answer(ErrorCode.Unavailable);
        lobby.Answer(ErrorCode.Unavailable);
        Assert.All(Enumerable.Range(0, 4), _ => Assert.Equal(ErrorCode.Unavailable, lobby.NextTold<LobbyReply>().Error));
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Found_seat_is_told_again_to_who_asks_again()
    {
        var lobby = new LobbyProbe(1);
        LobbyAsk[] asks = [lobby.Wait(), lobby.Wait(), lobby.Wait(), lobby.Wait()];
        for (var answer = 0; answer < 5; answer++)
        {
            lobby.Answer();
        }

        for (var told = 0; told < 7; told++)
        {
            lobby.NextTold<LobbyReply>();
        }

        var found = lobby.NextTold<LobbyReply>();
        lobby.Take(asks[3]);
        Assert.Equal(found, lobby.NextTold<LobbyReply>());
        Assert.NotNull(found.Token);
    }
}
