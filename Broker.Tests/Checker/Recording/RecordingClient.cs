using System.Net.WebSockets;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Checker.Recording;

/// <summary>A client that records what it does and sees. One request at a time; whatever comes is read as it comes.</summary>
internal sealed class RecordingClient : IAsyncDisposable
{
    private readonly HistoryRecorder _recorder;
    private readonly JsonClient _client;
    private readonly string _name;
    private readonly string _node;
    private readonly string _connection;
    private readonly Lock _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<HistoryEvent>> _asked = [];
    private readonly Dictionary<string, (long Call, string? Epoch)> _subscriptions = [];
    private readonly Dictionary<string, TaskCompletionSource> _seen = [];
    private readonly Dictionary<string, TaskCompletionSource> _leaving = [];
    private readonly CancellationToken _cancellation;
    private bool _hasEnded;

    private RecordingClient(HistoryRecorder recorder, JsonClient client, string name, string node, CancellationToken cancellation)
    {
        (_recorder, _client, _name, _node, _cancellation) = (recorder, client, name, node, cancellation);
        _connection = client.Welcome.GetProperty("connection").GetString()!;
        Ended = Task.Run(ReadAsync, CancellationToken.None);
    }

    /// <summary>Completes when the connection has ended and everything about it is recorded.</summary>
    public Task Ended { get; }

    public static async Task<RecordingClient> ConnectAsync(HistoryRecorder recorder, string name, string node, Uri address, CancellationToken cancellation) =>
        new(recorder, await JsonClient.ConnectAsync(address, cancellation), name, node, cancellation);

    /// <summary>What became of it: <see cref="EventKind.Published"/>, <see cref="EventKind.Refused"/> or <see cref="EventKind.Lost"/>.</summary>
    public Task<HistoryEvent> PublishAsync(string topic, string id)
    {
        var data = JsonSerializer.Serialize(id);
        return AskAsync(
            new HistoryEvent(EventKind.Publish, 0) { Topic = topic, Id = id, Data = data }, new() { ["type"] = "publish", ["topic"] = topic, ["data"] = id });
    }

    public Task<HistoryEvent> SubscribeAsync(string topic) => AskAsync(new HistoryEvent(EventKind.Subscribe, 0) { Topic = topic }, new() { ["type"] = "subscribe", ["topic"] = topic });

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
        lock (_gate)
        {
            _recorder.Add(asked);
            if (_hasEnded)
            {
                return Lose(call);
            }

            _asked.Add(call, answered);
            if (asked.Kind == EventKind.Subscribe)
            {
                _subscriptions[asked.Topic!] = (call, null);
            }
        }

        try
        {
            await _client.SendAsync(request, _cancellation);
        }
        catch (Exception e) when (e is WebSocketException or InvalidOperationException)
        {
            // The reader sees the end as well, and says what became of the request.
            await Ended;
        }

        return await answered.Task.WaitAsync(_cancellation);
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
                    Move(message, epoch);
                    var recovered = message.TryGetProperty("recovered", out var value) ? value.GetBoolean() : (bool?)null;
                    Answer(new HistoryEvent(EventKind.Subscribed, 0) { Call = Number(message, "id"), Epoch = epoch, Offset = offset, Recovered = recovered });
                    break;
                case "unsubscribed":
                    var topic = Text(message, "topic")!;
                    _recorder.Add(new HistoryEvent(EventKind.Unsubscribed, 0) { Call = _subscriptions.GetValueOrDefault(topic).Call });
                    _leaving.GetValueOrDefault(topic)?.TrySetResult();
                    break;
                case "message":
                    OnMessage(message, offset);
                    break;
                case "gap":
                    var call = Move(message, epoch);
                    _recorder.Add(new HistoryEvent(EventKind.Gap, 0) { Call = call, Epoch = epoch, Offset = offset, From = Number(message, "from"), To = Number(message, "to") });
                    break;
            }
        }
    }

    private void OnMessage(JsonElement message, long? offset)
    {
        var topic = Text(message, "topic")!;
        var (call, epoch) = _subscriptions.GetValueOrDefault(topic);
        var data = message.GetProperty("data");
        var id = data.GetString()!;
        _recorder.Add(new HistoryEvent(EventKind.Message, 0) { Call = call, Topic = topic, Epoch = epoch, Offset = offset, Id = id, Data = data.GetRawText() });
        Seen($"{topic} {id}").TrySetResult();
    }

    /// <summary>The subscription is in an epoch from here on; messages do not name it.</summary>
    private long Move(JsonElement message, string? epoch)
    {
        var topic = Text(message, "topic")!;
        var call = _subscriptions.GetValueOrDefault(topic).Call;
        _subscriptions[topic] = (call, epoch);
        return call;
    }

    private void Answer(HistoryEvent answer)
    {
        _recorder.Add(answer);
        if (answer.Call is { } call && _asked.Remove(call, out var asked))
        {
            asked.SetResult(answer);
        }
    }

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

    private static string? Text(JsonElement message, string name) => message.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static long? Number(JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;
}
