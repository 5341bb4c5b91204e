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
    private readonly List<(string Room, long Generation, TaskCompletionSource Seen)> _awaited = [];
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

    /// <summary>A node that serves, each in turn.</summary>
    public NodeProcess Next()
    {
        lock (_gate)
        {
            return _serving[++_turn % _serving.Count];
        }
    }

    /// <summary>A new room with players on the nodes that serve.</summary>
    public async Task BeginAsync(int players)
    {
        await using var maker = await JsonClient.ConnectAsync(Next().WebSocket, cancellation);
        var joined = await maker.RequestAsync(new() { ["type"] = "room.create", ["kind"] = "faulty" }, cancellation);
        Assert.True(JsonClient.TypeOf(joined) == "room.joined", joined.GetRawText());
        var room = joined.GetProperty("room").GetString()!;
        lock (_gate)
        {
            _rooms.Add(room, ([], []));
            for (var i = 0; i < players; i++)
            {
                var name = $"{room[^6..]}-{i}";
                _roomOf.Add(name, room);
                var player = new RoomPlayer(this, name, room);
                _players.Add(player);
                _playing.Add(player.PlayAsync(_serving[i % _serving.Count]));
            }
        }

        // The room would end with the last who leaves it.
        await ProgressAsync();
    }

    /// <summary>Every player has been answered what it has asked since the call.</summary>
    public Task ProgressAsync() => Task.WhenAll(_players.Select(static player => player.AnsweredAsync())).WaitAsync(cancellation);

    /// <summary>A player of the room has seen it in a generation that is as high, or higher.</summary>
    public Task SeenAsync(string room, long generation)
    {
        lock (_gate)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((room, generation, seen));
            if (_rooms[room].Sights.Exists(sight => sight.Generation >= generation))
            {
                seen.SetResult();
            }

            return seen.Task.WaitAsync(cancellation);
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
            var room = _roomOf[sight.Player];
            _rooms[room].Sights.Add(sight);
            foreach (var awaited in _awaited.Where(awaited => awaited.Room == room && sight.Generation >= awaited.Generation))
            {
                awaited.Seen.TrySetResult();
            }
        }
    }

    /// <summary>Players end, and what they did and saw may be so.</summary>
    /// <param name="stoodStill">How long a node did nothing, its clients' requests included.</param>
    public async Task CheckAsync(TimeSpan stoodStill = default)
    {
        _isStopped = true;
        await Task.WhenAll(_playing).WaitAsync(cancellation);
        foreach (var (room, (calls, sights)) in _rooms)
        {
            await using var reader = await JsonClient.ConnectAsync(Next().WebSocket, cancellation);
            var joined = await reader.RequestAsync(new() { ["type"] = "room.join", ["room"] = room }, cancellation);
            Assert.True(JsonClient.TypeOf(joined) == "room.joined", joined.GetRawText());
            var history = new RoomHistory { Calls = calls, Sights = sights, Final = joined.GetProperty("state").GetInt64() };
            history = history with { Patience = history.Patience + (long)stoodStill.TotalMilliseconds };
            var wrong = RoomHistoryChecker.Check(history);
            Assert.True(wrong.Count == 0, $"{wrong.Count} in room {room}:\n{string.Join('\n', wrong.Take(20))}");
        }
    }
}
