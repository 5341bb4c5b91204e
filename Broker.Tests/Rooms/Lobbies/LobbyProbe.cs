using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms.Lobbies;

/// <summary>A lobby of races for four in virtual time, with the rooms and nodes that a spec plays.</summary>
internal sealed class LobbyProbe : ILobbyOutput
{
    public const string Kind = "race";
    public const int Seats = 4;
    public const long Incarnation = 1 << 20;

    private readonly Queue<RoomInput> _asked = [];
    private readonly Queue<(uint Node, LobbyMessage Message)> _told = [];
    private readonly Dictionary<uint, long> _batches = [];
    private TimeSpan _now;
    private long _number;

    /// <param name="nodes">Members, which have no rooms so far.</param>
    public LobbyProbe(params uint[] nodes)
    {
        Lobby = new Lobby(new LobbySettings(Kind, 7, Incarnation), this, _now);
        foreach (var node in nodes)
        {
            Lobby.Came(node);
            Show(node);
        }

        Lobby.KnowsNodes(_now);
        Advance(TimeSpan.Zero);
        _told.Clear();
    }

    public Lobby Lobby { get; }

    /// <summary>What clients see of the rooms.</summary>
    public Dictionary<string, RoomListing> Listed { get; } = [];

    public static RoomListing Listing(int players, params (string Key, string Value)[] metadata) =>
        new(players, Seats, 0, IsLocked: false, IsPrivate: false, metadata.ToDictionary(static pair => pair.Key, static pair => pair.Value));

    public static RoomFilters Filters(params (string Key, string Value)[] pairs) =>
        RoomFilters.Of(pairs.Select(static pair => KeyValuePair.Create(pair.Key, pair.Value)))!;

    public void Advance(TimeSpan time)
    {
        _now += time;
        Lobby.Tick(_now);
    }

    /// <summary>Node 1 asks, with a number of its own.</summary>
    public LobbyAsk Ask(LobbyAskKind what, params (string Key, string Value)[] filters)
    {
        var ask = new LobbyAsk(Kind, 1, ++_number, what) { Filters = Filters(filters), Seats = Seats, MayCreate = true, Limit = 300 };
        Take(ask);
        return ask;
    }

    public LobbyAsk Find(params (string Key, string Value)[] filters) => Ask(LobbyAskKind.Find, filters);

    public LobbyAsk Wait(params (string Key, string Value)[] filters) => Ask(LobbyAskKind.Wait, filters);

    public void Take(LobbyAsk ask) => Lobby.Take(ask, _now);

    /// <summary>The next batch of a node, with all that it has where it is the first.</summary>
    public void Show(uint node, params ShownRoom[] rooms)
    {
        var number = _batches[node] = _batches.GetValueOrDefault(node) + 1;
        Lobby.Take(new RoomsShown(Kind, node, Incarnation, 1, number) { Rooms = rooms, IsWhole = true }, _now);
        _told.Clear();
    }

    public void Show(uint node, string room, RoomListing? listing) => Show(node, new ShownRoom(room, listing));

    /// <summary>What a room is asked next.</summary>
    public RoomInput NextAsked() => _asked.Dequeue();

    public void AssertNothingAsked() => Assert.Empty(_asked);

    public T NextTold<T>(uint node = 1)
        where T : LobbyMessage
    {
        var (to, message) = _told.Dequeue();
        Assert.Equal(node, to);
        return Assert.IsType<T>(message);
    }

    public void AssertNothingTold() => Assert.Empty(_told);

    /// <summary>What a room was asked next is answered.</summary>
    /// <param name="error">Why not.</param>
    /// <returns>What it was.</returns>
    public RoomInput Answer(ErrorCode error = ErrorCode.None)
    {
        var input = _asked.Dequeue();
        Answer(input, error);
        return input;
    }

    public void Answer(RoomInput input, ErrorCode error = ErrorCode.None) =>
        Lobby.Take(new RoomReply(input.Room, input.Number, error) { Token = error == ErrorCode.None && input.Kind == RoomInputKind.Reserve ? $"t{input.Number}" : null }, _now);

    void ILobbyOutput.Ask(RoomInput input) => _asked.Enqueue(input);

    void ILobbyOutput.Tell(uint node, LobbyMessage message) => _told.Enqueue((node, message));

    void ILobbyOutput.List(string room, RoomListing? listing)
    {
        if (listing is null)
        {
            Assert.True(Listed.Remove(room));
        }
        else
        {
            Listed[room] = listing;
        }
    }
}
