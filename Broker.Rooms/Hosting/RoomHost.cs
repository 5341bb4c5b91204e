namespace Broker.Rooms.Hosting;

/// <summary>
/// Runs one room: seats, steps, appointments, failures, snapshots. Pure: time is what <see cref="Advance"/> was given last, everything comes by
/// calls and goes out by <see cref="IRoomOutput"/>. Not thread-safe. No call throws for what clients or the room's code do.
/// </summary>
/// <remarks>
/// <para>Who runs a host calls <see cref="Advance"/> at <see cref="NextDue"/> and before other inputs; takes a snapshot when
/// <see cref="NeedsSnapshot"/> says so (gathered, if it likes), and once a second; and says when the snapshot is kept. Answers and what follows them
/// are held until then, so that nothing that was answered is lost with a node. Every request is answered once.</para>
/// <para>States are those of <see cref="RoomPhase"/>: running until the code throws (failed, then restored after a wait, running again), nobody is left
/// (asleep until somebody joins) or the room ends, by itself or by too many failures. <see cref="Suspend"/> stands beside them. Seats change in
/// every state; what the code could not be told is told when it runs again. The code goes back to the last snapshot, seats never do.</para>
/// </remarks>
public sealed partial class RoomHost
{
    private static readonly TimeSpan SlowTurn = TimeSpan.FromSeconds(1);

    internal static readonly TimeSpan LostTurn = TimeSpan.FromSeconds(10);

    private readonly RoomSetup _setup;
    private readonly RoomOptions _options;
    private readonly OutputQueue _outputs;
    private readonly SeatTable _seats;
    private readonly RoomClock _clock;
    private readonly AppointmentBook _appointments = new();
    private readonly FailureCount _failures;
    private readonly HostContext _context;
    private readonly WorkTable _work;
    private Room? _room;
    private RoomCore? _core;
    private TimeSpan _now;
    private TimeSpan _restartAt;
    private TimeSpan? _emptyUntil;
    private bool _isSuspended;
    private (int Taken, int Watching, int Version) _listed = (-1, 0, 0);

    private RoomHost(RoomSetup setup, TimeSpan now)
    {
        (_setup, _options, _now) = (setup, setup.Kind.Options, now);
        _outputs = new OutputQueue(setup.Output);
        _seats = new SeatTable(_options);
        _clock = new RoomClock(_options.StepRate);
        _failures = new FailureCount(_options.MaxFailures);
        _context = new HostContext(setup, _seats, _clock, _appointments, _outputs);
        _work = new WorkTable(setup.Output);
        _emptyUntil = now + _options.ReservationTimeout;
    }

    public RoomPhase Phase { get; private set; }

    /// <summary>Steps taken.</summary>
    public long Tick => _clock.Tick;

    /// <summary>When <see cref="Advance"/> is to be called next, on the caller's clock; null: nothing will happen by itself.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            if (Phase == RoomPhase.Ended || _isSuspended)
            {
                return null;
            }

            var due = Phase == RoomPhase.Failed ? _restartAt : _clock.IsRunning && DueInRoom is { } time ? _clock.OnCallersClock(time) : (TimeSpan?)null;
            due = Earlier(due, Phase == RoomPhase.Running && _seats.All.Count == 0 ? _emptyUntil : null);
            foreach (var seat in _seats.All)
            {
                due = Earlier(due, seat.Deadline);
            }

            return due;
        }
    }

    private bool CanRun => Phase == RoomPhase.Running && !_isSuspended;

    private TimeSpan? DueInRoom => Earlier(_appointments.First?.Due, _clock.NextStep);

    /// <summary>A new room. Where its code throws already now it has ended.</summary>
    /// <param name="seed">Of its random source.</param>
    /// <param name="options">From who creates it.</param>
    /// <param name="now">On the caller's clock, which only goes on.</param>
    public static RoomHost Create(RoomSetup setup, ulong seed, RoomData options, TimeSpan now, RequestId request = default)
    {
        var host = new RoomHost(setup, now);
        host._context.Seed(seed);
        if (host.Fits(request, "", options, RoomLimits.Data))
        {
            host.Turn(() => host.Begin(room => room.Created(options), request), () => host.Refuse(request, RoomError.Internal));
        }
        else
        {
            host.Finish(hasFailed: true);
        }

        host.Done();
        return host;
    }

    /// <summary>Time goes on: steps, appointments and deadlines that are due.</summary>
    /// <param name="now">On the caller's clock; earlier than before counts as no time.</param>
    public void Advance(TimeSpan now)
    {
        _now = now > _now ? now : _now;
        if (Phase == RoomPhase.Ended || _isSuspended)
        {
            return;
        }

        Expire();
        if (Phase == RoomPhase.Failed && _now >= _restartAt)
        {
            Restart();
        }

        RunDue();
        Done();
    }

    /// <summary>The room stands still from now on, because nobody knows whether another host runs it. Requests are <c>unavailable</c>.</summary>
    public void Suspend()
    {
        if (!_isSuspended && Phase != RoomPhase.Ended)
        {
            _isSuspended = true;
            if (Phase != RoomPhase.Failed)
            {
                _outputs.Add(new RoomPaused());
            }

            Done();
        }
    }

    /// <summary>The room goes on where it was.</summary>
    public void Resume()
    {
        if (_isSuspended)
        {
            _isSuspended = false;
            Settle();
            if (CanRun)
            {
                Turn(() => ShowState(StateReason.Resumed));
            }

            Done();
        }
    }

    /// <summary>Ends the room from outside.</summary>
    public void End()
    {
        if (Phase != RoomPhase.Ended)
        {
            Finish(hasFailed: false);
            Done();
        }
    }

    /// <summary>Work of <see cref="IRoomOutput.Start"/> has ended. What nobody waits for any more is ignored.</summary>
    /// <param name="error">What the room is told; null: it succeeded.</param>
    public void WorkEnded(long id, RoomData data, string? error = null)
    {
        _work.End(id, data.Bytes.Length > RoomLimits.Data ? WorkResult.Failed("too large") : error is null ? WorkResult.Done(data) : WorkResult.Failed(error));
        Settle();
        Done();
    }

    /// <summary>How long the last input kept the host, by the caller's watch: over a second is reported, over ten the room is given up.</summary>
    public void Measured(TimeSpan length)
    {
        if (length > SlowTurn)
        {
            _setup.Output.Report(new TurnSlow(length));
        }

        if (length > LostTurn && Phase != RoomPhase.Ended)
        {
            _outputs.RollBack();
            Finish(hasFailed: true);
            Done();
        }
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one < other || other is null ? one : other;

    private void Begin(Action<Room> first, RequestId request)
    {
        _room = _setup.Kind.Create(_setup.Services);
        _room.Attach(_context);
        first(_room);
        _core = ReadCore();
        Answer(new RoomCreated { Request = request });
    }

    private void RunDue()
    {
        SetClock();
        if (!_clock.IsRunning)
        {
            return;
        }

        var (end, skipped) = _clock.Reach(_now, DueInRoom);
        if (skipped > TimeSpan.Zero)
        {
            _setup.Output.Report(new RoomLate(skipped));
        }

        while (CanRun && DueInRoom is { } due && due <= end)
        {
            _clock.Time = due;
            if (_appointments.First is { } appointment && appointment.Due == due)
            {
                _appointments.Cancel(appointment.Id);
                Turn(() => _room!.Due(appointment.Name, appointment.Data));
            }
            else
            {
                _clock.Tick++;
                Turn(() => _room!.Step(_clock.Tick));
            }
        }

        if (CanRun)
        {
            _clock.Time = end;
        }
    }

    /// <summary>Calls the room's code. What it throws is its failure.</summary>
    /// <param name="undo">Of what the host itself did for this turn, before the failure is dealt with.</param>
    /// <returns>False: the code failed, or ended the room.</returns>
    private bool Turn(Action turn, Action? undo = null)
    {
        try
        {
            _context.Open();
            turn();
            RemoveKicked();
        }
        catch (Exception fault)
        {
            _context.Close();
            undo?.Invoke();
            Fail(fault);
            return false;
        }

        var isEndAsked = _context.IsEndAsked;
        _work.Start(_context.Begun);
        _context.Close();
        _context.Working = _work.Count;
        if (isEndAsked)
        {
            Finish(hasFailed: false);
        }

        return !isEndAsked;
    }

    private void Fail(Exception fault)
    {
        var wait = _core is null ? null : _failures.Add(_now);
        _setup.Output.Report(new RoomFailed(fault, _failures.Count, wait));
        _outputs.RollBack();
        _work.Clear();
        _context.Working = 0;
        if (wait is { } time)
        {
            (Phase, _restartAt) = (RoomPhase.Failed, _now + time);
            _context.Settings = _core!.Settings;
            _outputs.Add(new RoomPaused());
        }
        else
        {
            Finish(hasFailed: true);
        }
    }

    private void Finish(bool hasFailed)
    {
        Phase = RoomPhase.Ended;
        _work.Clear();
        _outputs.Add(new RoomEnded(hasFailed), waits: true);
    }

    /// <summary>After every input.</summary>
    private void Done()
    {
        if (CanRun && _seats.All.Count == 0 && (_emptyUntil is null || _now >= _emptyUntil))
        {
            SleepOrEnd();
        }

        ShowListing();
        _outputs.Flush();
        SetClock();
    }

    private void SleepOrEnd()
    {
        if (_options.EmptyRooms == EmptyRooms.End)
        {
            Finish(hasFailed: false);
            return;
        }

        Phase = RoomPhase.Asleep;
        _outputs.Add(new RoomSlept(), waits: true);
    }

    private void Wake()
    {
        if (Phase == RoomPhase.Asleep)
        {
            (Phase, _emptyUntil) = (RoomPhase.Running, _now + _options.ReservationTimeout);
            Settle();
        }
    }

    private void SetClock()
    {
        if (CanRun && !_outputs.IsFull)
        {
            _clock.Start(_now);
        }
        else
        {
            _clock.Stop();
        }
    }

    private void ShowListing()
    {
        var listed = (_seats.Taken, _seats.Watching, _context.ListingVersion);
        if (listed != _listed && Phase != RoomPhase.Ended)
        {
            _listed = listed;
            var settings = _context.Settings;
            _outputs.Add(new ListingChanged(new RoomListing(_seats.Taken, _options.MaxPlayers, _seats.Watching, settings.IsLocked, settings.Code is not null, settings.Metadata)));
        }
    }

    private void ShowState(StateReason reason)
    {
        foreach (var seat in _seats.All)
        {
            if (seat.State == SeatState.Connected)
            {
                _outputs.Add(new StateShown(seat.Connection, _clock.Tick, reason, HostContext.CheckData(_room!.State(seat.Player!))));
            }
        }
    }

    /// <summary>Answers go out when a snapshot has what they say.</summary>
    private void Answer(RoomOutput output)
    {
        if (!output.Request.IsNone)
        {
            _outputs.Add(output, waits: true);
        }
    }

    private void Refuse(RequestId request, RoomError error, string? reason = null, RoomData data = default)
    {
        if (request.IsNone)
        {
            return;
        }

        var output = new RequestRefused(error, Cut(reason), data) { Request = request };
        if (_outputs.IsFull)
        {
            // Overtakes what waits: more must not wait.
            _setup.Output.Write(output);
        }
        else
        {
            _outputs.Add(output);
        }
    }

    private static string? Cut(string? reason) => reason?.Length > RoomLimits.Reason ? reason[..RoomLimits.Reason] : reason;
}
