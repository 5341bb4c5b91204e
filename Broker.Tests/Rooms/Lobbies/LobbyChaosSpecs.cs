using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;
using Broker.Rooms.Hosting;

namespace Broker.Tests.Rooms.Lobbies;

/// <summary>A lobby over rooms that answer late, twice, not at all or with a refusal, and nodes that show them late, with virtual time.</summary>
public sealed class LobbyChaosSpecs
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Rooms_of_4_never_have_5_and_at_most_one_of_each_filter_is_not_full(int seed)
    {
        var world = new World(seed);
        world.Search(9_000, perStep: 20, faults: true);
        world.Rest();

        // What faults have left open is filled before anything new is made.
        world.Search(1_000, perStep: 20, faults: false);
        world.Rest();
        Assert.All(world.Rooms.Values, static room => Assert.InRange(room.Seats.Count, 0, 4));
        Assert.Equal(10_000, world.Replies.Count);
        Assert.InRange(world.Replies.Values.Count(static reply => reply.Error == ErrorCode.None), 9_000, 10_000);
        Assert.All(world.Replies.Values, static reply => Assert.Equal(reply.Error == ErrorCode.None, reply.Token is not null));

        // Two clients never have one seat.
        var tokens = world.Replies.Values.Where(static reply => reply.Token is not null).Select(static reply => reply.Token).ToList();
        Assert.Equal(tokens.Count, tokens.Distinct().Count());

        // A room that said it could not be made, and was, has nobody in it, and ends.
        Assert.All(world.Rooms.Values.Where(static room => room.Seats.Count > 0).GroupBy(static room => room.Map), static rooms => Assert.InRange(rooms.Count(static room => room.Seats.Count < 4), 0, 1));
    }

    private sealed class World : ILobbyOutput
    {
        private readonly Random _random;
        private readonly Lobby _lobby;
        private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _network = new();
        private readonly Dictionary<uint, RoomFeed> _feeds = new() { [1] = new RoomFeed(LobbyProbe.Kind, 1), [2] = new RoomFeed(LobbyProbe.Kind, 2) };
        private readonly Dictionary<long, LobbyAsk> _asks = [];
        private TimeSpan _now;
        private long _order;
        private long _number;
        private bool _hasFaults;

        public World(int seed)
        {
            _random = new Random(seed);
            _lobby = new Lobby(new LobbySettings(LobbyProbe.Kind, 7, LobbyProbe.Incarnation), this, _now);
            _lobby.Came(1);
            _lobby.Came(2);
            _lobby.KnowsNodes(_now);
        }

        public Dictionary<string, FakeRoom> Rooms { get; } = [];

        public Dictionary<long, LobbyReply> Replies { get; } = [];

        public void Search(int count, int perStep, bool faults)
        {
            _hasFaults = faults;
            for (var search = 0; search < count; search++)
            {
                var map = $"m{_random.Next(5)}";
                var ask = new LobbyAsk(LobbyProbe.Kind, 1, ++_number, LobbyAskKind.Find) { Filters = LobbyProbe.Filters(("map", map)), Seats = 4, MayCreate = true };
                _asks.Add(ask.Number, ask);
                Deliver(() => _lobby.Take(ask, _now));
                if (search % perStep == 0)
                {
                    Pass();
                }
            }
        }

        /// <summary>Until everything is answered, and a while longer.</summary>
        public void Rest()
        {
            _hasFaults = false;
            for (var step = 0; step < 600; step++)
            {
                Pass();
            }

            Assert.Empty(_asks);
        }

        void ILobbyOutput.Ask(RoomInput input) => Deliver(() =>
        {
            if (_hasFaults && _random.Next(20) == 0 && !Knows(input))
            {
                Reply(input, _random.Next(2) == 0 ? ErrorCode.Unavailable : ErrorCode.RoomRefused, null);
                return;
            }

            if (!Rooms.TryGetValue(input.Room, out var room))
            {
                Assert.Equal(RoomInputKind.Create, input.Kind);
                Rooms.Add(input.Room, room = new FakeRoom(_feeds[(uint)_random.Next(1, 3)]));
            }

            if (input.Kind == RoomInputKind.Reserve && room.Seats.Count < 4)
            {
                room.Seats.TryAdd(input.Number, $"{input.Room}/{input.Number}");
            }

            room.Feed.Show(input.Room, LobbyProbe.Listing(room.Seats.Count));
            var token = room.Seats.GetValueOrDefault(input.Number);
            Reply(input, input.Kind == RoomInputKind.Create || token is not null ? ErrorCode.None : ErrorCode.RoomFull, token);
        });

        void ILobbyOutput.Tell(uint node, LobbyMessage message) => Deliver(() =>
        {
            if (message is LobbyReply reply)
            {
                if (_asks.Remove(reply.Number, out var ask))
                {
                    Replies.Add(reply.Number, reply);
                    if (reply.Room is { } room)
                    {
                        Rooms[room].Map ??= ask.Filters.Pairs[0].Value;
                        Assert.Equal(Rooms[room].Map, ask.Filters.Pairs[0].Value);
                    }
                }
            }
            else
            {
                Show(_feeds[node].Heard((LobbyHeard)message, _now));
            }
        });

        void ILobbyOutput.List(string room, RoomListing? listing)
        {
            // Clients do not look.
        }

        /// <summary>The same request is never answered otherwise.</summary>
        private bool Knows(RoomInput input) => Rooms.TryGetValue(input.Room, out var room) && (input.Kind == RoomInputKind.Create || room.Seats.ContainsKey(input.Number));

        private void Reply(RoomInput input, ErrorCode error, string? token) =>
            Deliver(() => _lobby.Take(new RoomReply(input.Room, input.Number, error) { Token = token }, _now));

        private void Show(RoomsShown? shown)
        {
            if (shown is not null)
            {
                Deliver(() => _lobby.Take(shown, _now));
            }
        }

        private void Pass()
        {
            _now += Step;
            while (_network.TryPeek(out var next, out var due) && due.At <= _now)
            {
                _network.Dequeue();
                next();
            }

            _lobby.Tick(_now);
            foreach (var feed in _feeds.Values)
            {
                Show(feed.Tick(_now));
            }

            if (_now.Ticks % TimeSpan.TicksPerSecond == 0)
            {
                foreach (var ask in _asks.Values)
                {
                    Deliver(() => _lobby.Take(ask, _now));
                }
            }
        }

        /// <summary>Later, and where there are faults perhaps much later, twice or not at all.</summary>
        private void Deliver(Action message)
        {
            var copies = _hasFaults ? _random.Next(20) switch { 0 => 0, 1 => 2, _ => 1 } : 1;
            for (var copy = 0; copy < copies; copy++)
            {
                var delay = TimeSpan.FromMilliseconds(_hasFaults && _random.Next(50) == 0 ? _random.Next(3000) : _random.Next(20));
                _network.Enqueue(message, (_now + delay, _order++));
            }
        }
    }

    private sealed class FakeRoom(RoomFeed feed)
    {
        public RoomFeed Feed => feed;

        /// <summary>Tokens by the number of who asked first.</summary>
        public Dictionary<long, string> Seats { get; } = [];

        public string? Map { get; set; }
    }
}
