using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using Broker.Tests.Checker.Rooms;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster.Faults;

/// <summary>
/// A player of a room of the kind <c>faulty</c>, who calls it again as soon as it has answered. One whose connection is lost comes back to its seat from
/// any other node.
/// </summary>
/// <param name="run">Where nodes are, and what players see goes.</param>
/// <param name="name">Of the player.</param>
/// <param name="room">Id of the room.</param>
internal sealed class RoomPlayer(RoomRun run, string name, string room)
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    /// <summary>Of a seat, once there is one.</summary>
    private string? _token;
    private readonly Lock _gate = new();
    private readonly List<(long From, TaskCompletionSource Answered)> _awaited = [];
    private long _done;

    /// <summary>The longest time between two answers of the room.</summary>
    public TimeSpan Longest { get; private set; }

    public long Done => Interlocked.Read(ref _done);

    /// <summary>Completes when the room has answered a call that was made after this one.</summary>
    public Task AnsweredAsync()
    {
        lock (_gate)
        {
            var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((_done, answered));
            return answered.Task;
        }
    }

    /// <summary>Plays until the run stops.</summary>
    public async Task PlayAsync(NodeProcess first)
    {
        var node = first;
        while (!run.IsStopped)
        {
            try
            {
                await using var client = await JsonClient.ConnectAsync(node.WebSocket, run.Cancellation);
                await PlayAsync(client);
            }
            catch (Exception e) when (e is WebSocketException or InvalidOperationException or HttpRequestException)
            {
                await Task.Delay(Again, run.Cancellation);
            }

            node = run.Next();
        }
    }

    private async Task PlayAsync(JsonClient client)
    {
        if (!await JoinAsync(client))
        {
            await Task.Delay(Again, run.Cancellation);
            return;
        }

        var last = Stopwatch.GetTimestamp();
        for (var id = 1L; !run.IsStopped; id++)
        {
            var (sent, outcome, count) = (run.Now, RoomCallOutcome.Unknown, 0L);
            var isLost = true;
            try
            {
                await client.SendAsync(new { type = "call", id, room, method = "count", data = 0 }, run.Cancellation);
                (outcome, count) = await AnswerAsync(client, id);
                isLost = false;
            }
            finally
            {
                run.Add(new RoomCall(name, sent, run.Now, outcome, count));
            }

            if (outcome == RoomCallOutcome.Done)
            {
                Count();
                var pause = Stopwatch.GetElapsedTime(last);
                (Longest, last) = (pause > Longest ? pause : Longest, Stopwatch.GetTimestamp());
            }
            else if (!isLost)
            {
                await Task.Delay(Again / 5, run.Cancellation);
            }
        }
    }

    /// <summary>The first answer may be of a call that was under way.</summary>
    private void Count()
    {
        lock (_gate)
        {
            _done++;
            foreach (var awaited in _awaited.Where(awaited => _done > awaited.From + 1))
            {
                awaited.Answered.TrySetResult();
            }

            _awaited.RemoveAll(static awaited => awaited.Answered.Task.IsCompleted);
        }
    }

    private async Task<bool> JoinAsync(JsonClient client)
    {
        var join = new Dictionary<string, object> { ["type"] = "room.join", ["room"] = room };
        if (_token is not null)
        {
            join["token"] = _token;
        }

        var joined = await client.RequestAsync(join, run.Cancellation);
        if (JsonClient.TypeOf(joined) != "room.joined")
        {
            return false;
        }

        _token = joined.GetProperty("token").GetString();
        run.Add(new RoomSight(name, run.Now, joined.GetProperty("generation").GetInt64()));
        return true;
    }

    private async Task<(RoomCallOutcome Outcome, long Count)> AnswerAsync(JsonClient client, long id)
    {
        while (true)
        {
            var message = await client.ReceiveAsync(run.Cancellation);
            var type = JsonClient.TypeOf(message);
            if (type == "room.state")
            {
                run.Add(new RoomSight(name, run.Now, message.GetProperty("generation").GetInt64()));
            }
            else if (message.TryGetProperty("id", out var answered) && answered.ValueKind == JsonValueKind.Number && answered.GetInt64() == id)
            {
                return type == "result" ? (RoomCallOutcome.Done, message.GetProperty("data").GetInt64())
                    : message.GetProperty("code").GetString() is "timeout" or "internal" ? (RoomCallOutcome.Unknown, 0)
                    : (RoomCallOutcome.Refused, 0);
            }
        }
    }
}
