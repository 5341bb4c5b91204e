using Broker.Node.Rooms;

namespace Broker.Tests.Rooms.Lobbies;

/// <summary>What a node says of its rooms.</summary>
public sealed class RoomFeedSpecs
{
    private readonly RoomFeed _feed = new(LobbyProbe.Kind, 3);
    private TimeSpan _now = TimeSpan.FromSeconds(100);

    [Fact]
    public void Node_with_rooms_wakes_the_lobby_every_second_until_it_is_asked()
    {
        Assert.Null(Tick(0));
        _feed.Show("race-a", LobbyProbe.Listing(1));
        Assert.Equal(new RoomsShown(LobbyProbe.Kind, 3, 0, 0, 0), Tick(0));
        Assert.Null(Tick(900));
        Assert.Equal(0, Tick(100)!.Number);

        var shown = Heard(5, 0, 0)!;
        Assert.Equal((5L, 1L, 1L, true), (shown.Incarnation, shown.Feed, shown.Number, shown.IsWhole));
        Assert.Equal("race-a", Assert.Single(shown.Rooms).Room);
    }

    [Fact]
    public void Changes_are_gathered_for_200_ms_and_said_when_the_last_ones_were_taken()
    {
        Begin();
        _feed.Show("race-a", LobbyProbe.Listing(1));
        Assert.Null(Tick(100));
        _feed.Show("race-a", LobbyProbe.Listing(2));
        var batch = Tick(100)!;
        Assert.Equal((2L, 2), (batch.Number, Assert.Single(batch.Rooms).Listing!.Players));
        _feed.Hide("race-a");
        Assert.Null(Tick(500));
        Assert.Null(Heard(5, 1, 1));
        Assert.Null(Heard(5, 1, 2));
        Assert.Equal([new ShownRoom("race-a", null)], Tick(0)!.Rooms);
    }

    [Fact]
    public void What_is_not_taken_is_said_again_every_second()
    {
        Begin();
        _feed.Show("race-a", LobbyProbe.Listing(1));
        var batch = Tick(200);
        Assert.Null(Tick(900));
        Assert.Same(batch, Tick(100));
        Heard(5, 1, 2);
        Assert.Equal(0, Tick(1000)!.Number);
    }

    [Theory]
    [InlineData(6, 0, 0)]
    [InlineData(5, 0, 0)]
    [InlineData(5, 1, 1)]
    [InlineData(5, 1, 4)]
    [InlineData(5, 2, 2)]
    public void Lobby_that_has_not_what_it_should_is_told_everything(long incarnation, long feed, long last)
    {
        Begin();
        _feed.Show("race-a", LobbyProbe.Listing(1));
        _feed.Show("race-b", LobbyProbe.Listing(1));
        Tick(200);
        Heard(5, 1, 2);
        _feed.Hide("race-b");
        var anew = Heard(incarnation, feed, last)!;
        Assert.Equal((incarnation, 2L, 1L, true), (anew.Incarnation, anew.Feed, anew.Number, anew.IsWhole));
        Assert.Equal(["race-a", "race-b"], anew.Rooms.Select(static room => room.Room).Order());
    }

    [Fact]
    public void Many_rooms_are_said_in_batches_one_after_the_other()
    {
        for (var room = 0; room < 10_000; room++)
        {
            _feed.Show($"race-{room}", LobbyProbe.Listing(1, ("map", "x")));
        }

        HashSet<string> said = [];
        var batch = Heard(5, 0, 0);
        while (batch is not null)
        {
            Assert.InRange(batch.Rooms.Count, 1, 400);
            Assert.Equal(said.Count + batch.Rooms.Count == 10_000, batch.IsWhole);
            said.UnionWith(batch.Rooms.Select(static room => room.Room));
            batch = Heard(5, 1, batch.Number);
        }

        Assert.Equal(10_000, said.Count);
    }

    private RoomsShown? Tick(int milliseconds)
    {
        _now += TimeSpan.FromMilliseconds(milliseconds);
        return _feed.Tick(_now);
    }

    private RoomsShown? Heard(long incarnation, long feed, long last) => _feed.Heard(new LobbyHeard(LobbyProbe.Kind, incarnation, feed, last), _now);

    /// <summary>A lobby that has taken that there is nothing.</summary>
    private void Begin()
    {
        Assert.Empty(Heard(5, 0, 0)!.Rooms);
        Assert.Null(Heard(5, 1, 1));
    }
}
