using System.Collections.Concurrent;
using Broker.Tests.Checker;
using Broker.Tests.Checker.Recording;

namespace Broker.Tests.Cluster.Faults;

/// <summary>
/// A user that publishes to all topics in turn, so many at each tick and whatever becomes of those before. What it does not know the
/// outcome of it publishes again under the same key.
/// </summary>
internal sealed class RoamingPublisher : IAsyncDisposable
{
    public const int RoundsASecond = 50;
    private const int MaxOpen = 1000;

    private readonly RecordedRun _run;
    private readonly string _name;
    private readonly int _burst;
    private readonly Lock _gate = new();
    private readonly ConcurrentQueue<(string Topic, string Id)> _again = new();
    private readonly List<(string Topic, long From, TaskCompletionSource Done)> _acknowledgements = [];
    private readonly List<(long Round, TaskCompletionSource Done)> _passed = [];
    private readonly Task _running;
    private string _node;
    private volatile bool _isStopped;
    private long _next;
    private long _round;
    private int _open;

    public RoamingPublisher(RecordedRun run, string name, string node, int burst)
    {
        (_run, _name, _node, _burst) = (run, name, node, burst);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Completes when a publish to the topic was acknowledged that was made after the call.</summary>
    public Task AcknowledgedAsync(string topic)
    {
        lock (_gate)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _acknowledgements.Add((topic, _next, done));
            return done.Task;
        }
    }

    /// <summary>Completes after so many rounds.</summary>
    public Task PassAsync(long rounds)
    {
        lock (_gate)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _passed.Add((_round + rounds, done));
            return done.Task;
        }
    }

    /// <summary>Publishes nothing more; completes when the outcome of everything is known, or will never be.</summary>
    public async Task StopAsync()
    {
        _isStopped = true;
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        _isStopped = true;
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync()
    {
        using var round = new PeriodicTimer(TimeSpan.FromMilliseconds(1000.0 / RoundsASecond));
        while (!_isStopped)
        {
            var connecting = _run.ConnectAsync(_name, _node);
            while (!connecting.IsCompleted)
            {
                await TickAsync(round);
            }

            (var client, _node) = await connecting;
            while (!client.Ended.IsCompleted && !(_isStopped && Volatile.Read(ref _open) == 0))
            {
                await TickAsync(round);
                for (var i = 0; i < _burst && !_isStopped && Volatile.Read(ref _open) < MaxOpen; i++)
                {
                    Publish(client);
                }
            }

            await client.DisposeAsync();
        }
    }

    private async Task TickAsync(PeriodicTimer round)
    {
        await round.WaitForNextTickAsync(_run.Cancellation);
        lock (_gate)
        {
            _round++;
            foreach (var passed in _passed.Where(passed => passed.Round <= _round))
            {
                passed.Done.TrySetResult();
            }

            _passed.RemoveAll(passed => passed.Round <= _round);
        }
    }

    private void Publish(RecordingClient client)
    {
        lock (_gate)
        {
            var number = _next;
            if (!_again.TryDequeue(out var message))
            {
                message = (_run.Topics[(int)(number % _run.Topics.Count)], $"{_name}-{number}");
                _next++;
            }

            Interlocked.Increment(ref _open);
            _ = WatchAsync(client.PublishAsync(message.Topic, message.Id, message.Id), message, number);
        }
    }

    private async Task WatchAsync(Task<HistoryEvent> publish, (string Topic, string Id) message, long number)
    {
        try
        {
            var answer = await publish;
            if (answer.Kind == EventKind.Published)
            {
                Acknowledge(message.Topic, number);
            }
            else if (answer.Kind == EventKind.Lost || answer.Code == "timeout")
            {
                _again.Enqueue(message);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private void Acknowledge(string topic, long number)
    {
        lock (_gate)
        {
            foreach (var waiting in _acknowledgements.Where(waiting => waiting.Topic == topic && waiting.From <= number))
            {
                waiting.Done.TrySetResult();
            }

            _acknowledgements.RemoveAll(static waiting => waiting.Done.Task.IsCompleted);
        }
    }
}
