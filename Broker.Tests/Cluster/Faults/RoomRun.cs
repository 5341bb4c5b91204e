using System.Diagnostics;
using Broker.Tests.Checker.Rooms;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster.Faults;

/// <summary>Rooms that are played in while faults befall nodes, all of it recorded.</summary>
internal sealed class RoomRun(CancellationToken cancellation)
{
    /// <summary>The kind whose rooms count, loaded by every node.</summary>
    public static string Settings => $$"""
        broker.rooms.kinds = [{ name = "faulty", assembly = "{{typeof(FaultyRoom).Assembly.Location}}", type = "{{typeof(FaultyRoom).FullName}}" }]
        broker.drain.time = 0s
        akka.cluster.sharding.rebalance-interval = 1s
        """;

    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly Lock _gate = new();
    private readonly List<NodeProcess> _serving = [];
    private readonly Dictionary<string, (List<RoomCall> Calls, List<RoomSight> Sights)> _rooms = [];
    private readonly Dictionary<string, string> _roomOf = [];
    private readonly List<RoomPlayer> _players = [];
    private readonly List<Task> _playing = [];
    private volatile bool _isStopped;
    private int _turn;

    public CancellationToken Cancellation => cancellation;

    public bool IsStopped => _isStopped;

    /// <summary>Milliseconds since the run began.</summary>
    public long Now => (long)Stopwatch.GetElapsedTime(_begun).TotalMilliseconds;

    public TimeSpan Longest => _players.Max(static player => player.Longest);

    public long Done => _players.Sum(static player => player.Done);

    public IReadOnlyCollection<string> Rooms => _rooms.Keys;

    /// <summary>Where players who have lost their node go.</summary>
    public void Serves(NodeProcess node)
    {
        lock (_gate)
        {
            _serving.Add(node);
        }
    }

    public void Leaves(NodeProcess node)
    {
        lock (_gate)
        {
            _serving.Remove(node);
        }
    }

    public NodeProcess AnyOf(string player)
    {
        lock (_gate)
        {
            return _serving[(++_turn + player.Length) % _serving.Count];
        }
    }

    /// <summary>A new room with players on the nodes that serve.</summary>
    public async Task<string> BeginAsync(int players)
    {
        string room;
        await using (var maker = await JsonClient.ConnectAsync(_serving[0].WebSocket, cancellation))
        {
            var joined = await maker.RequestAsync(new() { ["type"] = "room.create", ["kind"] = "faulty" }, cancellation);
            Assert.True(JsonClient.TypeOf(joined) == "room.joined", joined.GetRawText());
            room = joined.GetProperty("room").GetString()!;
            _rooms.Add(room, ([], []));
            for (var i = 0; i < players; i++)
            {
                var name = $"{room[^6..]}-{i}";
                _roomOf.Add(name, room);
                var player = new RoomPlayer(this, name, room);
                _players.Add(player);
                _playing.Add(player.PlayAsync(_serving[i % _serving.Count]));
            }

            await ProgressAsync();
        }

        return room;
    }

    /// <summary>Every player has been answered again.</summary>
    public async Task ProgressAsync()
    {
        var before = _players.ConvertAll(static player => player.Done);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (_players.Zip(before).Any(static pair => pair.First.Done <= pair.Second + 1))
        {
            await look.WaitForNextTickAsync(cancellation);
        }
    }

    public void Add(RoomCall call)
    {
        lock (_gate)
        {
            _rooms[_roomOf[call.Player]].Calls.Add(call);
        }
    }

    public void Add(RoomSight sight)
    {
        lock (_gate)
        {
            _rooms[_roomOf[sight.Player]].Sights.Add(sight);
        }
    }

    /// <summary>Players end, and what they did and saw may be so.</summary>
    public async Task CheckAsync()
    {
        _isStopped = true;
        await Task.WhenAll(_playing).WaitAsync(cancellation);
        foreach (var (room, (calls, sights)) in _rooms)
        {
            await using var reader = await JsonClient.ConnectAsync(_serving[0].WebSocket, cancellation);
            var joined = await reader.RequestAsync(new() { ["type"] = "room.join", ["room"] = room }, cancellation);
            Assert.True(JsonClient.TypeOf(joined) == "room.joined", joined.GetRawText());
            var history = new RoomHistory { Calls = calls, Sights = sights, Final = joined.GetProperty("state").GetInt64() };
            var wrong = RoomHistoryChecker.Check(history);
            Assert.True(wrong.Count == 0, $"{wrong.Count} in room {room}:\n{string.Join('\n', wrong.Take(20))}");
        }
    }
}
