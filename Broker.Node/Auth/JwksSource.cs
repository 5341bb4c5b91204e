using System.Collections.Immutable;
using Broker.Node.Configuration;

namespace Broker.Node.Auth;

/// <summary>The keys of one JWK set, kept fresh in the background; the last good ones stay until better ones come.</summary>
/// <remarks>
/// Thread-safe. Fetched at <see cref="Start"/>, every ten minutes (so that a withdrawn key ends), and after a token with an
/// unknown <c>kid</c>, but then at most once a minute. Before the first success failures are retried after 5, 10, 20, 40
/// and then 60 s, later after 60 s.
/// </remarks>
internal sealed partial class JwksSource : IDisposable
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Spacing = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(3);

    private readonly string _name;
    private readonly JwksFetch _fetch;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private Task _current = Task.CompletedTask;
    private ImmutableArray<JwtKey>? _keys;
    private long _started;
    private bool _everStarted;
    private bool _busy;
    private bool _missed;
    private TimeSpan _retry = FirstRetry;
    private string? _lastProblem = "";

    /// <remarks>
    /// <paramref name="name"/>: What logs call it; holds no secret.<br/>
    /// <paramref name="keys"/>: Keys already read; null: none yet.
    /// </remarks>
    public JwksSource(string name, JwtAlgorithm algorithm, ImmutableArray<JwtKey>? keys, JwksFetch fetch, TimeProvider time, ILogger logger)
    {
        _name = name;
        Algorithm = algorithm;
        _keys = keys;
        _fetch = fetch;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(static state => ((JwksSource)state!).Begin(), this, System.Threading.Timeout.InfiniteTimeSpan, System.Threading.Timeout.InfiniteTimeSpan);
    }

    public JwtAlgorithm Algorithm { get; }

    /// <summary>The keys in force; null until a set was read.</summary>
    public ImmutableArray<JwtKey>? Keys
    {
        get
        {
            lock (_gate)
            {
                return _keys;
            }
        }
    }

    /// <summary>The fetch under way, or the last one; it never fails.</summary>
    public Task Current
    {
        get
        {
            lock (_gate)
            {
                return _current;
            }
        }
    }

    /// <summary>Begins to keep the set fresh; where no keys were given, with a fetch at once.</summary>
    public void Start()
    {
        if (Keys is null)
        {
            Begin();
        }
        else
        {
            Schedule(Refresh);
        }
    }

    /// <summary>A token named a key this set might have by now. Returns at once.</summary>
    public void Miss()
    {
        lock (_gate)
        {
            if (_busy || _missed || _keys is null || _stopping.IsCancellationRequested)
            {
                return;
            }

            _missed = true;
            var wait = _everStarted ? Spacing - _time.GetElapsedTime(_started) : TimeSpan.Zero;
            Schedule(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _timer.Dispose();
            _stopping.Cancel();
        }
    }

    private void Schedule(TimeSpan due) => _timer.Change(due, System.Threading.Timeout.InfiniteTimeSpan);

    private void Begin()
    {
        lock (_gate)
        {
            if (_busy || _stopping.IsCancellationRequested)
            {
                return;
            }

            _busy = true;
            _everStarted = true;
            _started = _time.GetTimestamp();
            _current = Task.Run(RunAsync);
        }
    }

    private async Task RunAsync()
    {
        var (keys, problem) = await TryFetchAsync();
        lock (_gate)
        {
            _busy = false;
            _missed = false;
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            _keys = keys ?? _keys;
            Report(problem);
            Schedule(problem is null ? Refresh : _keys is null ? _retry : Spacing);
            _retry = TimeSpan.FromTicks(Math.Min(_retry.Ticks * 2, Spacing.Ticks));
        }
    }

    private async Task<(ImmutableArray<JwtKey>? Keys, string? Problem)> TryFetchAsync()
    {
        using var timeout = new CancellationTokenSource(FetchTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
        try
        {
            var json = await _fetch(either.Token);
            return JwksReader.TryRead(json, Algorithm, out var keys, out var problem) ? (keys, null) : (null, problem);
        }
        catch (OperationCanceledException)
        {
            return (null, $"no answer within {FetchTimeout.TotalSeconds} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return (null, e.Message);
        }
    }

    // Once per change: an outage of hours is one line.
    private void Report(string? problem)
    {
        if (problem == _lastProblem)
        {
            return;
        }

        _lastProblem = problem;
        if (problem is null)
        {
            Log.Loaded(_logger, _name, _keys?.Length ?? 0);
        }
        else
        {
            Log.Failed(_logger, _name, problem, _keys?.Length ?? 0);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "JWKS {Name}: {Count} keys loaded")]
        public static partial void Loaded(ILogger logger, string name, int count);

        [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "JWKS {Name} not loaded: {Problem}; {Count} earlier keys stay in force")]
        public static partial void Failed(ILogger logger, string name, string problem, int count);
    }
}

/// <summary>Brings a JWK set from where it lies. The token is cancelled when it takes too long; every failure is an <see cref="IOException"/>, an <see cref="HttpRequestException"/> or a cancellation.</summary>
internal delegate Task<byte[]> JwksFetch(CancellationToken cancellation);
