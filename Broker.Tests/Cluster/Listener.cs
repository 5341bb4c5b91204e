using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>
/// A subscriber that reads to its end and checks what <see cref="Talker"/>s number: each message once and in order. A
/// hole is a fault unless a <c>gap</c> came since the publisher's last message.
/// </summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly JsonClient _client;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Heard> _heard = [];
    private readonly List<string> _faults = [];
    private readonly List<TimeSpan> _latencies = [];
    private readonly List<(Func<Listener, bool> Condition, TaskCompletionSource Met)> _waiting = [];

    private Listener(JsonClient client)
    {
        _client = client;
        Ended = Task.Run(ReadAsync);
    }

    /// <summary>Close code and the messages about the end; the code is null where the connection broke without a close frame.</summary>
    public Task<(int? Code, JsonElement? Farewell, long At)> Ended { get; }

    public IReadOnlyList<string> Faults => Locked(() => _faults.ToArray());

    /// <summary>Pushes of type <c>gap</c> so far.</summary>
    public int Gaps { get; private set; }

    /// <summary>When the first of them came.</summary>
    public long FirstGap { get; private set; }

    /// <summary>When the last of them came.</summary>
    public long LastGap { get; private set; }

    /// <summary>When the last message that arrived was sent.</summary>
    public long LastSent { get; private set; }

    public static async Task<Listener> SubscribeAsync(NodeProcess node, string topic, CancellationToken cancellation)
    {
        var client = await JsonClient.ConnectAsync(node.WebSocket, cancellation);
        return await SubscribeAsync(client, topic, cancellation);
    }

    public static async Task<Listener> SubscribeAsync(JsonClient client, string topic, CancellationToken cancellation)
    {
        await client.SubscribeAsync(topic, cancellation);
        return new Listener(client);
    }

    /// <summary>The last message was one of every hundred, for conditions that cost something.</summary>
    public bool Sampled { get; private set; }

    /// <summary>The number of the first message of a publisher; -1 before it.</summary>
    public long First(string publisher) => Locked(() => _heard.TryGetValue(publisher, out var heard) ? heard.First : -1);

    /// <summary>The number of the last message of a publisher; -1 before the first.</summary>
    public long Last(string publisher) => Locked(() => _heard.TryGetValue(publisher, out var heard) ? heard.Last : -1);

    /// <summary>Messages of a publisher that did not come between its first and its last here, excused by a gap or not.</summary>
    public long Missed(string publisher) => Locked(() => _heard[publisher].Missed);

    /// <summary>Times from sending to arrival since the last call, shortest first.</summary>
    public IReadOnlyList<TimeSpan> TakeLatencies() => Locked(() =>
    {
        var sorted = _latencies.Order().ToArray();
        _latencies.Clear();
        return sorted;
    });

    /// <summary>Completes at the first message after which the condition holds.</summary>
    public async Task UntilAsync(Func<Listener, bool> condition, CancellationToken cancellation)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((condition, met));
            Wake();
        }

        try
        {
            if (await Task.WhenAny(met.Task, Ended).WaitAsync(cancellation) == Ended && !met.Task.IsCompleted)
            {
                throw new InvalidOperationException($"The connection ended ({(await Ended).Code}) before: {State}");
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Not in time: {State}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Abort();
        await Ended;
        await _client.DisposeAsync();
    }

    private string State => Locked(() =>
        $"{Gaps} gaps; {string.Join(", ", _heard.Select(heard => $"{heard.Key}: {heard.Value.Last}"))}; {string.Join("; ", _faults)}");

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
        {
            return read();
        }
    }

    private async Task<(int? Code, JsonElement? Farewell, long At)> ReadAsync()
    {
        JsonElement? farewell = null;
        try
        {
            while (true)
            {
                var message = await _client.ReceiveAsync(CancellationToken.None);
                var type = JsonClient.TypeOf(message);
                if (type == "disconnecting")
                {
                    farewell = message;
                }
                else
                {
                    Take(message, type!);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            return ((int?)_client.CloseStatus, farewell, Stopwatch.GetTimestamp());
        }
    }

    private void Take(JsonElement message, string type)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            if (type == "gap")
            {
                FirstGap = Gaps++ == 0 ? now : FirstGap;
                LastGap = now;
            }
            else if (type == "message")
            {
                Take(message.GetProperty("data"), now);
            }
            else
            {
                _faults.Add($"unexpected {message}");
            }

            Wake();
        }
    }

    private void Take(JsonElement data, long now)
    {
        var publisher = data.GetProperty("p").GetString()!;
        var number = data.GetProperty("n").GetInt64();
        LastSent = data.GetProperty("t").GetInt64();
        _latencies.Add(Stopwatch.GetElapsedTime(LastSent, now));
        Sampled = number % 100 == 0;
        if (!_heard.TryGetValue(publisher, out var heard))
        {
            _heard.Add(publisher, new Heard(number, number, Gaps, 0));
            return;
        }

        if (number <= heard.Last || (number > heard.Last + 1 && heard.Gaps == Gaps))
        {
            _faults.Add($"{publisher}: {number} after {heard.Last}");
        }

        _heard[publisher] = heard with { Last = number, Gaps = Gaps, Missed = heard.Missed + number - heard.Last - 1 };
    }

    private void Wake() => _waiting.RemoveAll(waiter => waiter.Condition(this) && waiter.Met.TrySetResult());

    /// <summary>What came of one publisher, and how many gaps had come with its last message.</summary>
    private sealed record Heard(long First, long Last, int Gaps, long Missed);
}
