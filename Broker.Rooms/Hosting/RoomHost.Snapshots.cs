namespace Broker.Rooms.Hosting;

/// <summary>Snapshots: how they are taken, and how a room goes on from one.</summary>
public sealed partial class RoomHost
{
    /// <summary>Something waits for a snapshot that has not been taken yet.</summary>
    public bool NeedsSnapshot => Phase != RoomPhase.Ended && _outputs.NeedsSnapshot;

    /// <summary>The room has ended, and its last words wait for <see cref="SnapshotRemoved"/>.</summary>
    public bool NeedsRemoval => Phase == RoomPhase.Ended && _outputs.Count > 0;

    /// <summary>A room that goes on from a snapshot. Where its code throws now, it has failed and is tried again as after any failure.</summary>
    /// <param name="snapshot">Of <see cref="TakeSnapshot"/>, of any host.</param>
    /// <returns>The host; or null, why, and a sentence about it for the log.</returns>
    public static (RoomHost? Host, SnapshotRefusal Refusal, string Text) Restore(RoomSetup setup, ReadOnlyMemory<byte> snapshot, TimeSpan now)
    {
        var (content, refusal, text) = SnapshotCodec.Read(snapshot.Span, setup.Kind, setup.RoomId);
        if (content is null)
        {
            return (null, refusal, text);
        }

        var host = new RoomHost(setup, now) { _core = content.Core };
        host.Seat(content);
        host.Restart();
        host.Done();
        return (host, SnapshotRefusal.None, "");
    }

    /// <summary>The room as it is now; while its code has failed, as the code was at the last snapshot.</summary>
    /// <returns>Null: the room has ended, maybe over this; or it has failed and its seats have become too many bytes.</returns>
    public RoomSnapshot? TakeSnapshot()
    {
        if (Phase is RoomPhase.Running or RoomPhase.Asleep)
        {
            Capture();
        }

        RoomSnapshot? snapshot = null;
        if (Phase != RoomPhase.Ended)
        {
            var bytes = Encode(_core!);
            snapshot = bytes.Length <= RoomLimits.Snapshot ? new RoomSnapshot(_outputs.OnTaken(), bytes) : null;
        }

        Done();
        return snapshot;
    }

    /// <summary>A snapshot is where it survives this node, and so are all before it: what waited for them goes out.</summary>
    public void SnapshotSaved(long number)
    {
        _outputs.OnSaved(number);
        Done();
    }

    /// <summary>The room has ended and nobody can restore it any more: its last words go out.</summary>
    public void SnapshotRemoved()
    {
        if (Phase == RoomPhase.Ended)
        {
            _outputs.FlushAll();
        }
    }

    private void Restart()
    {
        var core = _core!;
        Phase = RoomPhase.Running;
        Turn(() =>
        {
            Load(core);
            _room = _setup.Kind.Create(_setup.Services);
            _room.Attach(_context);
            _room.Restore(core.Bytes, core.StateVersion);
            TellChanges();
            foreach (var name in core.Work)
            {
                _room.WorkDone(name, WorkResult.Failed(WorkResult.Interrupted));
            }

            ShowState(StateReason.Restored);
        });
    }

    /// <summary>Takes the code's part as it is now; fails where that cannot be.</summary>
    private void Capture()
    {
        RoomCore? core = null;
        if (!Turn(() => core = ReadCore()))
        {
            return;
        }

        if (Encode(core!) is { Length: > RoomLimits.Snapshot } bytes)
        {
            Fail(new RoomException($"The room's snapshot has {bytes.Length} bytes; at most {RoomLimits.Snapshot}."));
            return;
        }

        _core = core;
        _leaveReasons.Clear();
    }

    private RoomCore ReadCore()
    {
        var bytes = _room!.Snapshot();
        return new RoomCore(
            _clock.Tick,
            _clock.Time,
            _context.Settings,
            [.. _appointments.All],
            _appointments.NextId,
            [.. _work.Names],
            [.. _seats.Players.Concat(_seats.Spectators).Select(static player => (player, player.IsConnected))],
            bytes)
        {
            StateVersion = _options.StateVersion,
        };
    }

    private void Load(RoomCore core)
    {
        (_clock.Tick, _clock.Time) = (core.Tick, core.Time);
        _context.Settings = core.Settings;
        _appointments.Load(core.Appointments, core.NextAppointment);
        LoadKnown(core.Known);
    }

    private ReadOnlyMemory<byte> Encode(RoomCore core) => SnapshotCodec.Write(new RoomContent(_setup.Kind.Name, _setup.RoomId, core, _seats.NextPlayer, KeptSeats()));

    /// <summary>The code knows these players and no others; those without a seat have left.</summary>
    private void LoadKnown(IReadOnlyList<(RoomPlayer Player, bool IsConnected)> known)
    {
        _gone.Clear();
        var seats = _seats.All.Where(static seat => seat.Player is not null).ToDictionary(static seat => seat.Player!);
        foreach (var seat in _seats.All)
        {
            _seats.Forget(seat);
        }

        foreach (var (player, isConnected) in known)
        {
            if (seats.TryGetValue(player, out var seat))
            {
                _seats.Tell(seat, isConnected);
            }
            else
            {
                _gone.Enqueue((player, _leaveReasons.GetValueOrDefault(player)));
            }
        }
    }

    private List<KeptSeat> KeptSeats() =>
        [.. _seats.All.Select(seat => new KeptSeat(
            seat.Token,
            seat.User,
            seat.IsSpectator,
            seat.State,
            seat.Deadline > _now ? seat.Deadline.Value - _now : TimeSpan.Zero,
            seat.Player,
            seat.Reservation))];

    /// <summary>Who was connected is expected: where is not known here yet.</summary>
    private void Seat(RoomContent content)
    {
        _seats.NextPlayer = content.NextPlayer;
        foreach (var kept in content.Seats)
        {
            var isExpected = kept.State is SeatState.Connected or SeatState.Expected;
            AddSeat(new Seat(kept.Token, kept.User, kept.IsSpectator)
            {
                State = isExpected ? SeatState.Expected : kept.State,
                Deadline = _now + (isExpected ? Announcement : kept.Left),
                Player = kept.Player,
                Reservation = kept.Reservation,
            });
        }
    }
}
