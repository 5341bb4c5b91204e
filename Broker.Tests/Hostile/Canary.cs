using System.Globalization;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A subscriber and a publisher that behave, beside those that do not: they must not lose or wait for anything.</summary>
internal sealed class Canary : IAsyncDisposable
{
    private const string Topic = "canary";
    private readonly RawWebSocket _subscriber;
    private readonly RawWebSocket _publisher;
    private readonly SemaphoreSlim _turn = new(1);
    private int _last;

    private Canary(RawWebSocket subscriber, RawWebSocket publisher) => (_subscriber, _publisher) = (subscriber, publisher);

    private static CancellationToken Cancel => Deadline.Cancel;

    public static async Task<Canary> StartAsync(Func<Task<RawWebSocket>> connect)
    {
        var canary = new Canary(await connect(), await connect());
        await canary._subscriber.SendTextAsync($$"""{"type":"subscribe","topic":"{{Topic}}","id":1}""", Cancel);
        Assert.Equal("subscribed", TypeOf(await canary._subscriber.ReceiveTextAsync(Cancel)));
        return canary;
    }

    /// <summary>
    /// Publishes one message, sees it as the next one, and has both sides heard by the server, pongs included. A message lost,
    /// doubled or out of order fails here.
    /// </summary>
    public async Task BeatAsync()
    {
        await _turn.WaitAsync(Cancel);
        try
        {
            var number = ++_last;
            await _publisher.SendTextAsync(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"publish","topic":"{{Topic}}","data":{{number}},"id":1}"""), Cancel);
            Assert.Equal("published", TypeOf(await _publisher.ReceiveTextAsync(Cancel)));
            var push = JsonDocument.Parse(await _subscriber.ReceiveTextAsync(Cancel)).RootElement;
            Assert.Equal(number, push.GetProperty("data").GetInt32());
            await HostileNode.RoundTripAsync(_subscriber);
            await HostileNode.RoundTripAsync(_publisher);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Beats 20 times a second beside <paramref name="attack"/>.</summary>
    public async Task BesideAsync(Task attack)
    {
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do
        {
            await BeatAsync();
        }
        while (!attack.IsCompleted && await interval.WaitForNextTickAsync(Cancel));

        await attack;
    }

    public async ValueTask DisposeAsync()
    {
        await _subscriber.DisposeAsync();
        await _publisher.DisposeAsync();
        _turn.Dispose();
    }

    private static string? TypeOf(string message) => JsonDocument.Parse(message).RootElement.GetProperty("type").GetString();
}
