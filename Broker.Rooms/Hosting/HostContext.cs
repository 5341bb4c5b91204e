using System.Collections.ObjectModel;

namespace Broker.Rooms.Hosting;

/// <summary>The context of a room: keeps what the room's code changes by it, and checks every bound.</summary>
internal sealed class HostContext : RoomContext
{
    private const string CodeLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    private readonly RoomSetup _setup;
    private readonly SeatTable _seats;
    private readonly RoomClock _clock;
    private readonly AppointmentBook _appointments;
    private readonly OutputQueue _outputs;
    private readonly RoomRandom _random = new(0);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly ReadOnlyDictionary<string, string> _shownMetadata;
    private readonly Queue<Seat> _kicked = [];
    private readonly List<(string Name, Func<CancellationToken, Task<RoomData>> Run)> _begun = [];
    private bool _isTurn;
    private bool _isLocked;
    private string? _code;
    private int _sends;
    private int _bytes;

    public HostContext(RoomSetup setup, SeatTable seats, RoomClock clock, AppointmentBook appointments, OutputQueue outputs)
    {
        (_setup, _seats, _clock, _appointments, _outputs) = (setup, seats, clock, appointments, outputs);
        _shownMetadata = new ReadOnlyDictionary<string, string>(_metadata);
    }

    public override string RoomId => _setup.RoomId;

    public override long Tick => _clock.Tick;

    public override TimeSpan Time => _clock.Time;

    public override RoomRandom Random => Turn()._random;

    public override IReadOnlyList<RoomPlayer> Players => _seats.Players;

    public override IReadOnlyList<RoomPlayer> Spectators => _seats.Spectators;

    public override IReadOnlyDictionary<string, string> Metadata => _shownMetadata;

    public override bool IsLocked => _isLocked;

    public override string? Code => _code;

    /// <summary>The room's code asks for the end.</summary>
    public bool IsEndAsked { get; private set; }

    /// <summary>Changes whenever what a lobby shows does.</summary>
    public int ListingVersion { get; private set; }

    /// <summary>Pieces of work that run; the host keeps count.</summary>
    public int Working { get; set; }

    /// <summary>What the room's code keeps with the host, as values that do not change any more.</summary>
    public RoomSettings Settings
    {
        get => new(_isLocked, _code, new Dictionary<string, string>(_metadata, StringComparer.Ordinal), _random.State);
        set
        {
            (_isLocked, _code, _random.State) = (value.IsLocked, value.Code, value.Random);
            _metadata.Clear();
            foreach (var pair in value.Metadata)
            {
                _metadata.Add(pair.Key, pair.Value);
            }

            ListingVersion++;
        }
    }

    public void Seed(ulong seed) => _random.State = new RoomRandom(seed).State;

    public void Open() => (_isTurn, _sends, _bytes) = (true, 0, 0);

    public void Close()
    {
        (_isTurn, IsEndAsked) = (false, false);
        _kicked.Clear();
        _begun.Clear();
    }

    public Seat? TakeKicked() => _kicked.TryDequeue(out var seat) ? seat : null;

    public IReadOnlyList<(string Name, Func<CancellationToken, Task<RoomData>> Run)> Begun => _begun;

    public override RoomPlayer? Find(string playerId) => _seats.OfPlayer(playerId)?.Player;

    public override void Send(string name, RoomData data, RoomPlayer? from = null) => Send(RoomAudience.Everybody, default, name, data, from);

    public override void SendTo(RoomPlayer player, string name, RoomData data, RoomPlayer? from = null)
    {
        if (SeatOf(player) is { State: SeatState.Connected } seat)
        {
            Send(RoomAudience.Only, seat.Connection, name, data, from);
        }
    }

    public override void SendToOthers(RoomPlayer player, string name, RoomData data, RoomPlayer? from = null)
    {
        var but = SeatOf(player)?.Connection ?? default;
        Send(but == default ? RoomAudience.Everybody : RoomAudience.AllBut, but, name, data, from);
    }

    public override void SetMetadata(string key, string? value)
    {
        Turn();
        if (key.Length > RoomLimits.MetadataText || value?.Length > RoomLimits.MetadataText)
        {
            throw new RoomException($"Keys and values of metadata have at most {RoomLimits.MetadataText} characters.");
        }

        if (value is null)
        {
            _metadata.Remove(key);
        }
        else if (_metadata.Count == RoomLimits.Metadata && !_metadata.ContainsKey(key))
        {
            throw new RoomException($"Metadata has at most {RoomLimits.Metadata} entries.");
        }
        else
        {
            _metadata[key] = value;
        }

        ListingVersion++;
    }

    public override void Lock() => SetLocked(true);

    public override void Unlock() => SetLocked(false);

    public override string MakePrivate()
    {
        Turn();
        if (_code is null)
        {
            var secret = new byte[8];
            _setup.FillSecret(secret);
            _code = string.Concat(Array.ConvertAll(secret, static one => CodeLetters[one % CodeLetters.Length].ToString()));
            ListingVersion++;
        }

        return _code;
    }

    public override void Kick(RoomPlayer player)
    {
        Turn();
        if (SeatOf(player) is { } seat && !_kicked.Contains(seat))
        {
            _kicked.Enqueue(seat);
        }
    }

    public override void End()
    {
        Turn();
        IsEndAsked = true;
    }

    public override long Schedule(TimeSpan delay, string name, RoomData data = default)
    {
        Turn();
        CheckName(name);
        return delay < TimeSpan.FromMilliseconds(1) || delay > TimeSpan.FromDays(3650)
            ? throw new RoomException("An appointment is at least 1 ms and at most 10 years away.")
            : _appointments.Make(_clock.Time + delay, name, data);
    }

    public override long ScheduleTicks(long ticks, string name, RoomData data = default)
    {
        Turn();
        CheckName(name);
        if (!_clock.HasSteps)
        {
            throw new RoomException("A room without steps has no ticks; use Schedule.");
        }

        return ticks is < 1 or > int.MaxValue
            ? throw new RoomException("An appointment is at least 1 tick and at most 2^31 ticks away.")
            : _appointments.Make(_clock.At(_clock.Tick + ticks), name, data);
    }

    public override bool Cancel(long appointment)
    {
        Turn();
        return _appointments.Cancel(appointment);
    }

    public override void Run(string name, Func<CancellationToken, Task<RoomData>> work)
    {
        Turn();
        CheckName(name);
        if (Working + _begun.Count == RoomLimits.Work)
        {
            throw new RoomException($"A room runs at most {RoomLimits.Work} pieces of work at a time.");
        }

        _begun.Add((name, work ?? throw new ArgumentNullException(nameof(work))));
    }

    private HostContext Turn() => _isTurn ? this : throw new RoomException("It is not the room's turn: a context is used by the room's own calls only.");

    private void SetLocked(bool value)
    {
        Turn();
        if (_isLocked != value)
        {
            _isLocked = value;
            ListingVersion++;
        }
    }

    private Seat? SeatOf(RoomPlayer player) => _seats.OfPlayer(player.Id);

    private void Send(RoomAudience audience, RoomConnection connection, string name, RoomData data, RoomPlayer? from)
    {
        Turn();
        CheckName(name);
        CheckData(data);
        _sends++;
        _bytes += data.Bytes.Length;
        if (_sends > RoomLimits.SendsPerTurn || _bytes > RoomLimits.BytesPerTurn)
        {
            throw new RoomException($"A room sends at most {RoomLimits.SendsPerTurn} events and {RoomLimits.BytesPerTurn} bytes in a turn.");
        }

        _outputs.Add(new EventSent(audience, connection, name, from?.Id, data));
    }

    /// <exception cref="RoomException">The room gives out more than it may.</exception>
    public static RoomData CheckData(RoomData data) =>
        data.Bytes.Length <= RoomLimits.Data ? data : throw new RoomException($"{data.Bytes.Length} bytes of data; at most {RoomLimits.Data}.");

    private static void CheckName(string name)
    {
        if (name.Length > RoomLimits.Name)
        {
            throw new RoomException($"A name of {name.Length} characters; at most {RoomLimits.Name}.");
        }
    }
}
