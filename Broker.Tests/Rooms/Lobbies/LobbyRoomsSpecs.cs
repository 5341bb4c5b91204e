using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms.Lobbies;

/// <summary>What a lobby hears of nodes, and what it lists.</summary>
public sealed class LobbyRoomsSpecs : ILobbyOutput
{
    private readonly List<LobbyMessage> _told = [];

    [Fact]
    public void Nobody_is_answered_before_every_node_has_named_its_rooms()
    {
        var lobby = Begin(1, 2);
        lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, 5, LobbyAskKind.List) { Limit = 10 }, TimeSpan.Zero);
        lobby.Take(Shown(1, isWhole: false), TimeSpan.Zero);
        lobby.Take(Shown(2, isWhole: true), TimeSpan.Zero);
        lobby.Tick(TimeSpan.FromSeconds(2));
        Assert.False(lobby.IsReady);
        Assert.DoesNotContain(_told, static message => message is LobbyReply);

        lobby.Take(Shown(1, isWhole: true, number: 2), TimeSpan.FromSeconds(2));
        lobby.Tick(TimeSpan.FromSeconds(2));
        Assert.Single(_told.OfType<LobbyReply>());
    }

    [Fact]
    public void Node_that_says_nothing_is_waited_for_3_seconds_and_asked_all_the_while()
    {
        var lobby = Begin(1, 2);
        lobby.Take(Shown(1, isWhole: true), TimeSpan.Zero);
        _told.Clear();
        lobby.Tick(TimeSpan.FromMilliseconds(2900));
        Assert.Equal(new LobbyHeard(LobbyProbe.Kind, LobbyProbe.Incarnation, 0, 0), Assert.Single(_told));
        Assert.False(lobby.IsReady);
        lobby.Tick(TimeSpan.FromSeconds(3));
        Assert.True(lobby.IsReady);
    }

    [Fact]
    public void Lobby_that_knows_no_node_yet_is_not_ready()
    {
        var lobby = new Lobby(new LobbySettings(LobbyProbe.Kind, 7, LobbyProbe.Incarnation), this, TimeSpan.Zero);
        lobby.Tick(TimeSpan.Zero);
        Assert.False(lobby.IsReady);
    }

    [Fact]
    public void Batch_out_of_its_turn_is_not_taken_and_the_node_told_what_was()
    {
        var lobby = Begin(1);
        lobby.Take(Shown(1, isWhole: true, number: 2), TimeSpan.Zero);
        lobby.Take(Shown(1, isWhole: true) with { Incarnation = 5 }, TimeSpan.Zero);
        Assert.All(_told, static message => Assert.Equal(0, Assert.IsType<LobbyHeard>(message).Last));
        Assert.Equal(0, lobby.Count);
        lobby.Take(Shown(1, isWhole: true), TimeSpan.Zero);
        Assert.Equal(new LobbyHeard(LobbyProbe.Kind, LobbyProbe.Incarnation, 1, 1), _told[^1]);
        Assert.Equal(1, lobby.Count);
    }

    [Fact]
    public void What_a_node_names_no_more_when_it_begins_anew_is_gone()
    {
        var lobby = Begin(1, 2);
        lobby.Take(Shown(2, isWhole: true, rooms: "race-c"), TimeSpan.Zero);
        lobby.Take(Shown(1, isWhole: true, rooms: ["race-a", "race-b"]), TimeSpan.Zero);
        lobby.Take(Shown(1, isWhole: false, rooms: "race-b") with { Feed = 2 }, TimeSpan.Zero);
        Assert.Equal(3, lobby.Count);
        lobby.Take(Shown(1, isWhole: true, number: 2, rooms: []) with { Feed = 2 }, TimeSpan.Zero);
        Assert.Equal(["race-b", "race-c"], ListOf(lobby));
    }

    [Fact]
    public void Room_that_moves_is_where_it_was_shown_last_and_stays_when_the_old_node_hides_it()
    {
        var lobby = new LobbyProbe(1, 2);
        lobby.Show(1, "race-a", LobbyProbe.Listing(1));
        lobby.Show(2, "race-a", LobbyProbe.Listing(2));
        Assert.Equal(2, lobby.Listed["race-a"].Players);
        lobby.Show(1, "race-a", LobbyProbe.Listing(3));
        lobby.Show(1, "race-a", null);
        Assert.Equal(2, lobby.Listed["race-a"].Players);
        lobby.Show(2, "race-a", null);
        Assert.Empty(lobby.Listed);
        Assert.Equal(0, lobby.Lobby.Count);
    }

    [Fact]
    public void Rooms_and_requests_of_a_node_go_with_it()
    {
        var lobby = new LobbyProbe(1, 2);
        lobby.Show(2, "race-a", LobbyProbe.Listing(1));
        lobby.Find();
        var asked = lobby.NextAsked();
        lobby.Lobby.Left(1, TimeSpan.Zero);
        lobby.Answer(asked);
        lobby.AssertNothingTold();
        Assert.NotEmpty(lobby.Listed);
        lobby.Lobby.Left(2, TimeSpan.Zero);
        Assert.Empty(lobby.Listed);
        lobby.Find();
        lobby.AssertNothingAsked();
    }

    [Fact]
    public void Room_that_was_made_and_never_shown_is_forgotten()
    {
        var lobby = new LobbyProbe(1);
        lobby.Find();
        lobby.Answer();
        lobby.Answer();
        Assert.Equal(1, lobby.Lobby.Count);
        lobby.Advance(Lobby.Patience);
        Assert.Equal(0, lobby.Lobby.Count);
    }

    [Fact]
    public void List_has_pages_of_the_rooms_that_match_in_the_order_of_their_ids()
    {
        var lobby = new LobbyProbe(1);
        lobby.Show(1, [.. Enumerable.Range(100, 100).Select(static room => new ShownRoom($"race-{room}", LobbyProbe.Listing(room % 4, ("map", $"{room % 2}"))))]);
        List<string> all = [];
        string? after = null;
        do
        {
            lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, 1000 + all.Count, LobbyAskKind.List) { Filters = LobbyProbe.Filters(("map", "1")), Limit = 20, After = after });
            var page = lobby.NextTold<LobbyReply>();
            Assert.InRange(page.Rooms.Count, 1, 20);
            all.AddRange(page.Rooms.Select(static room => room.Room));
            after = page.After;
        }
        while (after is not null);
        Assert.Equal(Enumerable.Range(100, 100).Where(static room => room % 2 == 1).Select(static room => $"race-{room}"), all);
    }

    [Fact]
    public void Page_looks_at_5000_rooms_and_is_no_longer_than_64_KiB()
    {
        var lobby = new LobbyProbe(1);
        var text = new string('x', 100);
        lobby.Show(1, [.. Enumerable.Range(10_000, 5001).Select(room => new ShownRoom($"race-{room}", LobbyProbe.Listing(0, (text, text))))]);
        lobby.Ask(LobbyAskKind.List, ("map", "none"));
        var page = lobby.NextTold<LobbyReply>();
        Assert.Empty(page.Rooms);
        Assert.Equal("race-14999", page.After);
        lobby.Ask(LobbyAskKind.List);
        Assert.InRange(lobby.NextTold<LobbyReply>().Rooms.Count, 150, 170);
    }

    [Fact]
    public void What_a_room_shows_counts_again_when_its_answers_are_a_second_old()
    {
        var lobby = new LobbyProbe(1);
        lobby.Show(1, "race-a", LobbyProbe.Listing(3));
        lobby.Find();
        lobby.Answer();

        // Shown before the seat was given.
        lobby.Show(1, "race-a", LobbyProbe.Listing(3));
        lobby.Find();
        Assert.Equal(RoomInputKind.Create, lobby.Answer(ErrorCode.Unavailable).Kind);
        lobby.Answer(ErrorCode.Unavailable);
        lobby.Advance(TimeSpan.FromSeconds(1));
        lobby.Find();
        Assert.Equal("race-a", lobby.NextAsked().Room);
    }

    void ILobbyOutput.Ask(RoomInput input) => Assert.Fail(input.ToString());

    void ILobbyOutput.Tell(uint node, LobbyMessage message) => _told.Add(message);

    void ILobbyOutput.List(string room, RoomListing? listing)
    {
        // What is listed is asked for.
    }

    private static RoomsShown Shown(uint node, bool isWhole, int number = 1, params string[] rooms) => new(LobbyProbe.Kind, node, LobbyProbe.Incarnation, 1, number)
    {
        Rooms = [.. (rooms.Length == 0 ? ["race-b"] : rooms).Select(static room => new ShownRoom(room, LobbyProbe.Listing(1)))],
        IsWhole = isWhole,
    };

    private IEnumerable<string> ListOf(Lobby lobby)
    {
        lobby.Tick(TimeSpan.Zero);
        lobby.Take(new LobbyAsk(LobbyProbe.Kind, 1, 77, LobbyAskKind.List) { Limit = 300 }, TimeSpan.Zero);
        return Assert.IsType<LobbyReply>(_told[^1]).Rooms.Select(static room => room.Room);
    }

    private Lobby Begin(params uint[] nodes)
    {
        var lobby = new Lobby(new LobbySettings(LobbyProbe.Kind, 7, LobbyProbe.Incarnation), this, TimeSpan.Zero);
        foreach (var node in nodes)
        {
            lobby.Came(node);
        }

        lobby.KnowsNodes(TimeSpan.Zero);
        return lobby;
    }
}
