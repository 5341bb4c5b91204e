using Broker.Rooms.Hosting;

namespace Broker.Rooms.Testing;

/// <summary>
/// Runs one room in virtual time, for tests of its author: nothing happens but what the test says, at once and the same every time. Not
/// thread-safe.
/// </summary>
public sealed class RoomTester : IRoomOutput, IServiceProvider
{
    private readonly RoomKinds _kinds = new();
    private readonly ulong _seed;
    private readonly RoomSetup _setup;
    private readonly Dictionary<Type, object> _services = [];
    private readonly List<TestPlayer> _players = [];
    private readonly Dictionary<RequestId, RoomOutput> _answers = [];
    private readonly List<RoomOutput> _outputs = [];
    private readonly List<RoomReport> _reports = [];
    private readonly Queue<RoomWork> _work = [];
    private readonly RoomRandom _secrets;
    private RoomHost? _host;
    private ReadOnlyMemory<byte> _saved;
    private TimeSpan _nextSave = TimeSpan.FromSeconds(1);
    private ulong _lastNumber;

    private RoomTester(Func<RoomKinds, RoomKinds> add, ulong seed)
    {
        (_seed, _secrets) = (seed, new RoomRandom(~seed));
        _setup = new RoomSetup(add(_kinds).All.Single(), "test", this, this) { FillSecret = FillSecret };
    }

    /// <summary>Since the test began.</summary>
    public TimeSpan Now { get; private set; }

    public RoomPhase Phase => Host.Phase;

    /// <summary>Steps taken.</summary>
    public long Tick => Host.Tick;

    /// <summary>Everything that went out of the room, to whomever.</summary>
    public IReadOnlyList<RoomOutput> Outputs => _outputs;

    /// <summary>What a node would log.</summary>
    public IReadOnlyList<RoomReport> Reports => _reports;

    /// <summary>What the lobby shows.</summary>
    public RoomListing Listing => _outputs.OfType<ListingChanged>().Last().Listing;

    /// <summary>The room as bytes, as a node keeps it.</summary>
    /// <exception cref="InvalidOperationException">The room has ended.</exception>
    public ReadOnlyMemory<byte> Snapshot
    {
        get
        {
            Save();
            return Phase == RoomPhase.Ended ? throw new InvalidOperationException("The room has ended.") : _saved;
        }
    }

    private RoomHost Host => _host ?? throw new InvalidOperationException("The room has not been created: call Create first.");

    /// <summary>A tester for rooms of this class; <see cref="Create"/> makes the room.</summary>
    /// <param name="configure">As for <see cref="RoomKinds.Add{TRoom}"/>.</param>
    /// <param name="seed">Of everything random.</param>
    public static RoomTester For<TRoom>(Action<RoomOptions>? configure = null, ulong seed = 1)
        where TRoom : Room => new(kinds => kinds.Add<TRoom>("test", configure), seed);

    /// <summary>Does the same twice.</summary>
    /// <param name="script">Gets a tester whose room is not created yet.</param>
    /// <returns>Both snapshots and everything that went out are the same, byte for byte. False: the room uses a clock or randomness of its own.</returns>
    public static bool IsDeterministic<TRoom>(Action<RoomTester> script, Action<RoomOptions>? configure = null, ulong seed = 1)
        where TRoom : Room
    {
        var one = For<TRoom>(configure, seed);
        var other = For<TRoom>(configure, seed);
        script(one);
        script(other);
        return one.Trace().SequenceEqual(other.Trace()) && (one.Phase == RoomPhase.Ended || one.Snapshot.Span.SequenceEqual(other.Snapshot.Span));
    }

    /// <summary>A service that the room's constructor may ask for.</summary>
    public RoomTester With<TService>(TService service)
        where TService : class
    {
        _services[typeof(TService)] = service;
        return this;
    }

    /// <param name="options">JSON; null: none.</param>
    public RoomTester Create(string? options = null)
    {
        _host = RoomHost.Create(_setup, _seed, Data(options), Now, NextRequest());
        Save();
        return this;
    }

    /// <param name="user">Null: a guest.</param>
    /// <param name="data">About the player: JSON; null: none.</param>
    /// <param name="code">Of a private room.</param>
    /// <returns>Look at <see cref="TestPlayer.Refusal"/> to see whether it was let in.</returns>
    public TestPlayer Join(string? user = null, string? data = null, bool asSpectator = false, string? code = null)
    {
        var player = new TestPlayer(this, user);
        _players.Add(player);
        Join(player, new JoinInput(default, user) { Data = Data(data), AsSpectator = asSpectator, Code = code });
        return player;
    }

    /// <summary>Time goes on, every step and appointment at its moment; a snapshot is kept every second, as nodes do.</summary>
    public void Advance(TimeSpan time)
    {
        for (var end = Now + time; Now < end;)
        {
            var next = end < _nextSave ? end : _nextSave;
            Now = Host.NextDue is { } due && due < next ? (due > Now ? due : Now) : next;
            Do(static _ => { });
            if (Now == _nextSave)
            {
                _nextSave += TimeSpan.FromSeconds(1);
                Save();
            }
        }
    }

    /// <summary>The node dies: the room goes on from its last snapshot on another one, which hears from all clients that are connected.</summary>
    /// <param name="savedNow">The node had time for a snapshot, as when it is stopped in order.</param>
    /// <exception cref="InvalidOperationException">The room cannot be restored; the message says why.</exception>
    public void CrashAndRestore(bool savedNow = false)
    {
        if (savedNow)
        {
            Save();
        }

        _work.Clear();
        var (host, refusal, text) = RoomHost.Restore(_setup, _saved, Now);
        _host = host ?? throw new InvalidOperationException($"{refusal}: {text}");
        foreach (var player in _players.Where(static player => player.Connection != default))
        {
            Ask((restored, request) => restored.Announce(request, player.Connection, player.Token!));
        }
    }

    /// <summary>Runs the work that the room has begun to its end, one piece after the other, and what it begins then.</summary>
    public async Task RunWorkAsync()
    {
        while (_work.TryDequeue(out var work))
        {
            var (data, error) = await RunAsync(work).ConfigureAwait(false);
            Do(host => host.WorkEnded(work.Id, data, error));
        }
    }

    /// <summary>Anything else that a host can be told.</summary>
    public void Do(Action<RoomHost> input)
    {
        Host.Advance(Now);
        input(Host);
        SaveIfNeeded();
    }

    object? IServiceProvider.GetService(Type serviceType) => _services.GetValueOrDefault(serviceType);

    void IRoomOutput.Report(RoomReport report) => _reports.Add(report);

    void IRoomOutput.Start(RoomWork work) => _work.Enqueue(work);

    void IRoomOutput.Write(RoomOutput output)
    {
        _outputs.Add(output);
        if (!output.Request.IsNone)
        {
            _answers.Add(output.Request, output);
        }

        foreach (var player in _players.Where(player => player.Connection != default && Reaches(output, player.Connection)))
        {
            player.See(output);
            player.Connection = output is PlayerRemoved or RoomEnded ? default : player.Connection;
        }
    }

    internal static RoomData Data(string? json) => json is null ? RoomData.None : RoomData.Json(json);

    internal bool Join(TestPlayer player, JoinInput input)
    {
        player.Connection = new RoomConnection(1, ++_lastNumber);
        var answer = Ask((host, request) => host.Join(request, input with { Connection = player.Connection }));
        player.OnAnswer(answer);
        player.Connection = answer is PlayerSeated ? player.Connection : default;
        return answer is PlayerSeated;
    }

    internal RoomOutput Ask(Action<RoomHost, RequestId> input)
    {
        var request = NextRequest();
        Do(host => input(host, request));
        return _answers[request];
    }

    private static bool Reaches(RoomOutput output, RoomConnection connection) => output switch
    {
        EventSent { Audience: RoomAudience.Only } sent => sent.Connection == connection,
        EventSent { Audience: RoomAudience.AllBut } sent => sent.Connection != connection,
        EventSent or RoomPaused or RoomEnded => true,
        PlayerChanged changed => changed.Except != connection,
        StateShown shown => shown.Connection == connection,
        PlayerSeated seated => seated.Connection == connection,
        PlayerRemoved removed => removed.Connection == connection,
        _ => false,
    };

    private static async Task<(RoomData Data, string? Error)> RunAsync(RoomWork work)
    {
        try
        {
            return (await work.Run(work.Cancellation).ConfigureAwait(false), null);
        }
        catch (Exception fault)
        {
            return (default, fault.Message);
        }
    }

    private void SaveIfNeeded()
    {
        if (Host.NeedsSnapshot || Host.NeedsRemoval)
        {
            Save();
        }
    }

    private void Save()
    {
        if (Host.TakeSnapshot() is { } snapshot)
        {
            _saved = snapshot.Bytes;
            Host.SnapshotSaved(snapshot.Number);
        }

        Host.SnapshotRemoved();
    }

    private RequestId NextRequest() => new(1, ++_lastNumber);

    private void FillSecret(byte[] bytes)
    {
        for (var index = 0; index < bytes.Length; index++)
        {
            bytes[index] = (byte)_secrets.Next(256);
        }
    }

    private IEnumerable<string> Trace() => _outputs.Select(static output => output switch
    {
        PlayerSeated seated => $"{seated with { Players = [] }} {string.Join(',', seated.Players)}",
        ListingChanged changed => string.Join(',', changed.Listing.Metadata.OrderBy(static pair => pair.Key, StringComparer.Ordinal)),
        _ => output.ToString(),
    });
}
