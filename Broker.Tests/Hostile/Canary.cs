using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>
/// A subscriber and a publisher that behave, beside those that do not: they must not lose or wait for anything. On a clock of
/// its own the node hears them only when a test says so; otherwise they sing 20 times a second, all through.
/// </summary>
internal sealed class Canary : IAsyncDisposable
{
    private const string Topic = "canary";

    /// <summary>Of 100 beats 99 are heard in this time.</summary>
    private static readonly TimeSpan Prompt = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly RawWebSocket _subscriber;
    private readonly RawWebSocket _publisher;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _silence = new();
    private readonly List<TimeSpan> _latencies = [];
    private Task _song = Task.CompletedTask;
    private int _last;

    private Canary(RawWebSocket subscriber, RawWebSocket publisher) => (_subscriber, _publisher) = (subscriber, publisher);

    private static CancellationToken Cancel => Deadline.Cancel;

    private bool Sings => !_song.IsCompleted;

    public static async Task<Canary> StartAsync(Func<Task<RawWebSocket>> connect)
    {
        var canary = new Canary(await connect(), await connect());
        await canary._subscriber.SendTextAsync($$"""{"type":"subscribe","topic":"{{Topic}}","id":1}""", Cancel);
        Assert.Equal("subscribed", TypeOf(await canary._subscriber.ReceiveTextAsync(Cancel)));
        return canary;
    }

    /// <summary>From now on, until it is disposed.</summary>
    public void Sing() => _song = SingAsync();

    /// <summary>
    /// Publishes one message, sees it as the next one, and has both sides heard by the server, pongs included. A message lost,
    /// doubled or out of order fails here.
    /// </summary>
    public async Task BeatAsync()
    {
        if (_song.IsFaulted)
        {
            await _song;
        }

        await BeatOnceAsync(Cancel);
    }

    /// <summary>Does between two beats what stops the whole process: a collection that the test asks for.</summary>
    public async Task<T> BetweenBeatsAsync<T>(Func<T> action)
    {
        await _turn.WaitAsync(Cancel);
        try
        {
            return action();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Beats 20 times a second beside <paramref name="attack"/>.</summary>
    public async Task BesideAsync(Task attack)
    {
        if (Sings)
        {
            await Task.WhenAny(attack, _song);
            await BeatAsync();
            await attack;
            return;
        }

        using var interval = new PeriodicTimer(Interval);
        do
        {
            await BeatAsync();
        }
        while (!attack.IsCompleted && await interval.WaitForNextTickAsync(Cancel));

        await attack;
    }

    /// <summary>
    /// All but one in a hundred of the beats since the last call were prompt. Of few beats one may be late: whoever else has this
    /// machine's processors can hold one up, and a node that harms its canary holds up all.
    /// </summary>
    public void WasPrompt()
    {
        TimeSpan[] latencies;
        lock (_latencies)
        {
            latencies = [.. _latencies.Order()];
            _latencies.Clear();
        }

        var late = latencies.Count(static latency => latency >= Prompt);
        Assert.True(late <= Math.Max(1, latencies.Length / 100), $"{late} of {latencies.Length} beats were late, the last of all by {latencies.LastOrDefault()}");
    }

    public async ValueTask DisposeAsync()
    {
        await _silence.CancelAsync();
        await _song.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _subscriber.DisposeAsync();
        await _publisher.DisposeAsync();
        _turn.Dispose();
        _silence.Dispose();
    }

    private async Task SingAsync()
    {
        using var interval = new PeriodicTimer(Interval);
        while (await interval.WaitForNextTickAsync(_silence.Token))
        {
            await BeatOnceAsync(_silence.Token);
        }
    }

    private async Task BeatOnceAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            var number = ++_last;
            var since = Stopwatch.GetTimestamp();
            await _publisher.SendTextAsync(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"publish","topic":"{{Topic}}","data":{{number}},"id":1}"""), cancel);
            Assert.Equal("published", TypeOf(await _publisher.ReceiveTextAsync(cancel)));
            var push = JsonDocument.Parse(await _subscriber.ReceiveTextAsync(cancel)).RootElement;
            var latency = Stopwatch.GetElapsedTime(since);
            Assert.Equal(number, push.GetProperty("data").GetInt32());
            await HostileNode.RoundTripWithinAsync(_subscriber, cancel);
            await HostileNode.RoundTripWithinAsync(_publisher, cancel);
            lock (_latencies)
            {
                _latencies.Add(latency);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private static string? TypeOf(string message) => JsonDocument.Parse(message).RootElement.GetProperty("type").GetString();
}
