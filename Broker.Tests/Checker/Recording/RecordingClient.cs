using System.Net.WebSockets;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Checker.Recording;

/// <summary>A client that records what it does and sees. Any thread may ask; whatever comes is read as it comes.</summary>
internal sealed class RecordingClient : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(5);

    private readonly HistoryRecorder _recorder;
    private readonly JsonClient _client;
    private readonly string _name;
    private readonly string _node;
    private readonly string _connection;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<HistoryEvent>> _asked = [];
    private readonly Dictionary<long, (string Epoch, long Offset)> _recovering = [];
    private readonly Dictionary<string, Subscribed> _subscriptions = [];
    private readonly List<(string Topic, string Epoch, long Offset, TaskCompletionSource Reached)> _awaited = [];
    private readonly Dictionary<string, TaskCompletionSource> _seen = [];
    private readonly Dictionary<string, TaskCompletionSource> _leaving = [];
    private readonly CancellationToken _cancellation;
    private Task _sent = Task.CompletedTask;
    private bool _hasEnded;

    private RecordingClient(HistoryRecorder recorder, JsonClient client, string name, string node, CancellationToken cancellation)
    {
        (_recorder, _client, _name, _node, _cancellation) = (recorder, client, name, node, cancellation);
        _connection = client.Welcome.GetProperty("connection").GetString()!;
        Ended = Task.Run(ReadAsync, CancellationToken.None);
    }

    /// <summary>Completes when the connection has ended and everything about it is recorded.</summary>
    public Task Ended { get; }

    public static async Task<RecordingClient> ConnectAsync(HistoryRecorder recorder, string name, string node, Uri address, CancellationToken cancellation, string? token = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectTime);
        var client = await JsonClient.ConnectAsync(address, limit.Token, options =>
        {
            if (token is not null)
            {
                options.SetRequestHeader("Authorization", $"Bearer {token}");
            }
        });
        return new RecordingClient(recorder, client, name, node, cancellation);
    }

    /// <summary>What became of it: <see cref="EventKind.Published"/>, <see cref="EventKind.Refused"/> or <see cref="EventKind.Lost"/>.</summary>
    public Task<HistoryEvent> PublishAsync(string topic, string id, string? key = null)
    {
        var data = JsonSerializer.Serialize(id);
        var request = new Dictionary<string, object> { ["type"] = "publish", ["topic"] = topic, ["data"] = id };
        if (key is not null)
        {
            request["key"] = key;
        }

        return AskAsync(new HistoryEvent(EventKind.Publish, 0) { Topic = topic, Id = id, Data = data, Key = key }, request);
    }

    public Task<HistoryEvent> SubscribeAsync(string topic, (string Epoch, long Offset)? recover = null, bool presence = false)
    {
        var request = new Dictionary<string, object> { ["type"] = "subscribe", ["topic"] = topic, ["presence"] = presence };
        if (recover is { } from)
        {
            request["recover"] = new { epoch = from.Epoch, offset = from.Offset };
        }

        return AskAsync(new HistoryEvent(EventKind.Subscribe, 0) { Topic = topic, Epoch = recover?.Epoch, Offset = recover?.Offset }, request);
    }

    /// <summary>A page of history: <see cref="EventKind.Page"/>, or what came in its place.</summary>
    public Task<HistoryEvent> HistoryAsync(string topic, (string Epoch, long Offset)? since)
    {
        var request = new Dictionary<string, object> { ["type"] = "history", ["topic"] = topic, ["limit"] = 300 };
        if (since is { } from)
        {
            request["since"] = new { epoch = from.Epoch, offset = from.Offset };
        }

        return AskAsync(new HistoryEvent(EventKind.History, 0) { Topic = topic, Epoch = since?.Epoch, Offset = since?.Offset }, request);
    }

    /// <summary>Who is present: <see cref="EventKind.Members"/>, or what came in its place. Only what is present is recorded, not the question.</summary>
    public Task<HistoryEvent> PresenceAsync(string topic) =>
        AskAsync(new HistoryEvent(EventKind.Members, 0) { Topic = topic }, new() { ["type"] = "presence", ["topic"] = topic, ["limit"] = 300 });

    /// <summary>Where it has come to on a sequenced topic; null: it was never subscribed.</summary>
    public (string Epoch, long Offset)? Position(string topic)
    {
        lock (_gate)
        {
            return _subscriptions.TryGetValue(topic, out var subscribed) && subscribed.Epoch is { } epoch ? (epoch, subscribed.Offset) : null;
        }
    }

    /// <summary>Completes when a subscription has come to a position of a sequenced topic.</summary>
    public Task ReachedAsync(string topic, string epoch, long offset)
    {
        lock (_gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((topic, epoch, offset, reached));
            TellReached();
            return reached.Task.WaitAsync(_cancellation);
        }
    }

    /// <summary>Completes when it is answered or the connection has ended.</summary>
    public async Task UnsubscribeAsync(string topic)
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _leaving[topic] = left;
            _recorder.Add(new HistoryEvent(EventKind.Unsubscribe, 0) { Call = _subscriptions[topic].Call });
        }

        await _client.SendAsync(new { type = "unsubscribe", topic }, _cancellation);
        await Task.WhenAny(left.Task, Ended).WaitAsync(_cancellation);
    }

    /// <summary>Completes when the message has come.</summary>
    public Task SeenAsync(string topic, string id) => Seen($"{topic} {id}").Task.WaitAsync(_cancellation);

    /// <summary>The connection ends, as one of a client that has lost its network.</summary>
    public void Abort() => _client.Abort();

    public async ValueTask DisposeAsync()
    {
        _client.Abort();
        await Ended;
        await _client.DisposeAsync();
    }

    private async Task<HistoryEvent> AskAsync(HistoryEvent asked, Dictionary<string, object> request)
    {
        var call = _recorder.NextCall();
        request["id"] = call;
        var answered = new TaskCompletionSource<HistoryEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        asked = asked with { Call = call, Client = _name, Connection = _connection, Node = _node };
        Task sent;
        lock (_gate)
        {
            if (asked.Kind != EventKind.Members)
            {
                _recorder.Add(asked);
            }

            if (_hasEnded)
            {
                return Lose(call);
            }

            _asked.Add(call, answered);
            if (asked.Kind == EventKind.Subscribe)
            {
                _subscriptions[asked.Topic!] = new Subscribed(call, null, 0);
                if (asked.Epoch is { } epoch)
                {
                    _recovering.Add(call, (epoch, asked.Offset!.Value));
                }
            }

            sent = _sent = SendBehindAsync(_sent, request);
        }

        await sent;

        return await answered.Task;
    }

    /// <summary>In the order of the history.</summary>
    private async Task SendBehindAsync(Task before, Dictionary<string, object> request)
    {
        await before;
        try
        {
            await _client.SendAsync(request, _cancellation);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException or OperationCanceledException)
        {
            // The reader sees the end as well, and says what became of the request.
            await Ended;
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                Take(await _client.ReceiveAsync(_cancellation));
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            End();
        }
    }

    private void Take(JsonElement message)
    {
        var type = JsonClient.TypeOf(message);
        if (Text(message, "topic") == "$user")
        {
            // Nobody has asked for it, and nothing is published to it here.
            return;
        }

        var (epoch, offset) = (Text(message, "epoch"), Number(message, "offset"));
        lock (_gate)
        {
            switch (type)
            {
                case "published":
                    Answer(new HistoryEvent(EventKind.Published, 0) { Call = Number(message, "id"), Epoch = epoch, Offset = offset });
                    break;
                case "error":
                    Answer(new HistoryEvent(EventKind.Refused, 0) { Call = Number(message, "id"), Code = Text(message, "code") });
                    break;
                case "subscribed":
                    var recovered = message.TryGetProperty("recovered", out var value) ? value.GetBoolean() : (bool?)null;
                    Move(message, epoch, recovered == true ? _recovering[Number(message, "id")!.Value].Offset : offset);
                    Answer(new HistoryEvent(EventKind.Subscribed, 0) { Call = Number(message, "id"), Epoch = epoch, Offset = offset, Recovered = recovered });
                    break;
                case "unsubscribed":
                    var topic = Text(message, "topic")!;
                    _recorder.Add(new HistoryEvent(EventKind.Unsubscribed, 0) { Call = CallOf(topic) });
                    _leaving.GetValueOrDefault(topic)?.TrySetResult();
                    break;
                case "message":
                    OnMessage(message, offset);
                    break;
                case "history":
                    Answer(new HistoryEvent(EventKind.Page, 0) { Call = Number(message, "id"), Epoch = epoch, Offset = offset, Entries = Entries(message), More = message.GetProperty("more").GetBoolean() });
                    break;
                case "join" or "leave":
                    var members = message.GetProperty("members").EnumerateArray().Select(static member => Text(member, "user")!);
                    _recorder.Add(new HistoryEvent(type == "join" ? EventKind.Joined : EventKind.Left, 0) { Call = CallOf(Text(message, "topic")!), Names = [.. members] });
                    break;
                case "presence":
                    var names = message.GetProperty("members").EnumerateArray().Select(static member => Text(member, "user")!);
                    Answer(new HistoryEvent(EventKind.Members, 0) { Call = Number(message, "id"), Topic = Text(message, "topic"), Node = _node, Names = [.. names] });
                    break;
                case "gap":
                    var call = Move(message, epoch, offset);
                    _recorder.Add(new HistoryEvent(EventKind.Gap, 0) { Call = call, Epoch = epoch, Offset = offset, From = Number(message, "from"), To = Number(message, "to") });
                    break;
            }
        }
    }

    private void OnMessage(JsonElement message, long? offset)
    {
        var topic = Text(message, "topic")!;
        var subscribed = _subscriptions.GetValueOrDefault(topic);
        var data = message.GetProperty("data");
        var id = data.GetString()!;
        _recorder.Add(new HistoryEvent(EventKind.Message, 0) { Call = subscribed?.Call ?? 0, Topic = topic, Epoch = subscribed?.Epoch, Offset = offset, Id = id, Data = data.GetRawText() });
        if (offset is { } at)
        {
            _subscriptions[topic] = subscribed! with { Offset = at };
            TellReached();
        }
        else
        {
            Seen($"{topic} {id}").TrySetResult();
        }
    }

    /// <summary>The subscription is in an epoch from here on; messages do not name it.</summary>
    private long Move(JsonElement message, string? epoch, long? offset)
    {
        var topic = Text(message, "topic")!;
        var call = CallOf(topic);
        _subscriptions[topic] = new Subscribed(call, epoch, offset ?? 0);
        TellReached();
        return call;
    }

    private long CallOf(string topic) => _subscriptions.GetValueOrDefault(topic)?.Call ?? 0;

    private void TellReached()
    {
        for (var i = _awaited.Count - 1; i >= 0; i--)
        {
            var (topic, epoch, offset, reached) = _awaited[i];
            if (_subscriptions.TryGetValue(topic, out var subscribed) && subscribed.Epoch == epoch && subscribed.Offset >= offset)
            {
                reached.SetResult();
                _awaited.RemoveAt(i);
            }
        }
    }

    private void Answer(HistoryEvent answer)
    {
        _recorder.Add(answer);
        if (answer.Call is { } call && _asked.Remove(call, out var asked))
        {
            asked.SetResult(answer);
        }
    }

    private static List<HistoryEntry> Entries(JsonElement history) =>
    [
        .. history.GetProperty("messages").EnumerateArray().Select(static message =>
            new HistoryEntry(message.GetProperty("offset").GetInt64(), message.GetProperty("data").GetString()!, message.GetProperty("data").GetRawText())),
    ];

    private void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            _recorder.Add(new HistoryEvent(EventKind.Closed, 0) { Connection = _connection, Code = $"{(int?)_client.CloseStatus ?? 1006}" });
            foreach (var (call, asked) in _asked)
            {
                asked.SetResult(Lose(call));
            }

            _asked.Clear();
        }
    }

    private HistoryEvent Lose(long call)
    {
        var lost = new HistoryEvent(EventKind.Lost, 0) { Call = call };
        _recorder.Add(lost);
        return lost;
    }

    private TaskCompletionSource Seen(string what)
    {
        lock (_gate)
        {
            if (!_seen.TryGetValue(what, out var seen))
            {
                _seen.Add(what, seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            return seen;
        }
    }

    /// <param name="Call">The request that asked for it.</param>
    /// <param name="Epoch">Null until it is answered, and on a broadcast topic.</param>
    /// <param name="Offset">Of the last message, or where a gap went on.</param>
    private sealed record Subscribed(long Call, string? Epoch, long Offset);

    private static string? Text(JsonElement message, string name) => message.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static long? Number(JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;
}
