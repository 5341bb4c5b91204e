using Broker.Tests.Checker;
using Broker.Tests.Checker.Recording;

namespace Broker.Tests.Cluster.Faults;

/// <summary>A user that is subscribed to all topics, and goes on from where it was when its connection has ended.</summary>
internal sealed class RoamingSubscriber : IAsyncDisposable
{
    private readonly RecordedRun _run;
    private readonly string _name;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Epoch, long Offset)> _positions = [];
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private TaskCompletionSource<RecordingClient> _client = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _node;
    private volatile bool _isStopped;

    public RoamingSubscriber(RecordedRun run, string name, string node)
    {
        (_run, _name, _node) = (run, name, node);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Completes when it is subscribed to all for the first time.</summary>
    public Task Subscribed => _subscribed.Task;

    /// <summary>Its connection ends, and it comes back on another node.</summary>
    public void Drop()
    {
        lock (_gate)
        {
            var others = _run.Serving.Where(node => node != _node).ToList();
            _node = others.Count > 0 ? others[_run.Next(others.Count)] : _node;
            if (_client.Task.IsCompletedSuccessfully)
            {
                _client.Task.Result.Abort();
            }
        }
    }

    /// <summary>Completes when it has come to a position, on whatever connection.</summary>
    public async Task ReachedAsync(string topic, string epoch, long offset)
    {
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await again.WaitForNextTickAsync(_run.Cancellation))
        {
            Task<RecordingClient> connected;
            lock (_gate)
            {
                connected = _client.Task;
            }

            var client = await connected;
            if (await Task.WhenAny(client.ReachedAsync(topic, epoch, offset), client.Ended) != client.Ended)
            {
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isStopped = true;
        lock (_gate)
        {
            if (_client.Task.IsCompletedSuccessfully)
            {
                _client.Task.Result.Abort();
            }
        }

        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        while (!_isStopped)
        {
            var (client, node) = await _run.ConnectAsync(_name, _node);
            lock (_gate)
            {
                _node = node;
            }

            await Task.WhenAll(_run.Topics.Select(topic => SubscribeAsync(client, topic)));
            lock (_gate)
            {
                _client.SetResult(client);
            }

            if (!client.Ended.IsCompleted)
            {
                _subscribed.TrySetResult();
            }

            await client.Ended;
            foreach (var topic in _run.Topics)
            {
                if (client.Position(topic) is { } position)
                {
                    _positions[topic] = position;
                }
            }

            lock (_gate)
            {
                _client = new TaskCompletionSource<RecordingClient>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            await client.DisposeAsync();
        }
    }

    private Task<HistoryEvent> SubscribeAsync(RecordingClient client, string topic) =>
        _run.RepeatAsync(() => client.SubscribeAsync(topic, _positions.TryGetValue(topic, out var position) ? position : null, presence: true));
}
