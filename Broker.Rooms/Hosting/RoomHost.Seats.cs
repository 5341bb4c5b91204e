namespace Broker.Rooms.Hosting;

/// <summary>Seats: how they are taken, kept and left, and how the room's code is told.</summary>
public sealed partial class RoomHost
{
    /// <summary>How long a player is taken for connected of whom nothing was heard since the room was restored.</summary>
    private static readonly TimeSpan Announcement = TimeSpan.FromSeconds(15);

    private readonly Queue<(RoomPlayer Player, LeaveReason Reason)> _gone = [];

    /// <summary>Of those who have left since the last snapshot.</summary>
    private readonly Dictionary<RoomPlayer, LeaveReason> _leaveReasons = [];

    /// <summary>
    /// Gives a seat: the one that this connection or this user has already, the one of the token, or a free one. A seat that is
    /// taken is at the newer connection from now on; the older one gets <c>replaced</c>. Answers: <see cref="PlayerSeated"/>, or refused.
    /// </summary>
    public void Join(RequestId request, JoinInput input)
    {
        if (CanServe(request) && Fits(request, "", input.Data, RoomLimits.PlayerData))
        {
            var seat = _seats.Of(input.Connection) ?? (input.Token is { } token ? _seats.OfToken(token) : input.User is { } user ? _seats.OfUser(user) : null);
            if (seat is null ? input.Token is not null : seat.User != input.User)
            {
                Refuse(request, RoomError.Forbidden, "token");
            }
            else if (seat is { State: not SeatState.Reserved })
            {
                Return(request, seat, input.Connection);
            }
            else if (seat is not null || MayEnter(request, input))
            {
                Enter(request, input, seat);
            }
        }

        Done();
    }

    /// <summary>
    /// Keeps a free player's seat for <see cref="RoomOptions.ReservationTimeout"/>. Asked again with the same request, or by a user who has a
    /// seat, it says the same token. Answers: <see cref="SeatReserved"/>, or refused.
    /// </summary>
    /// <param name="user">Who alone may take it; null: a guest who knows the token.</param>
    public void Reserve(RequestId request, string? user)
    {
        if (CanServe(request))
        {
            var seat = _seats.OfReservation(request) ?? (user is null ? null : _seats.OfUser(user));
            if (seat is null && MayEnter(request, new JoinInput(default, user) { Code = _context.Code }))
            {
                seat = new Seat(NewToken(), user, isSpectator: false) { Deadline = _now + _options.ReservationTimeout, Reservation = request };
                AddSeat(seat);
            }

            if (seat is not null)
            {
                Answer(new SeatReserved(seat.Token) { Request = request });
            }
        }

        Done();
    }

    /// <summary>Gives up the seat of this connection. Answer: <see cref="PlayerRemoved"/>, also where it has none; in every phase.</summary>
    public void Leave(RequestId request, RoomConnection connection)
    {
        if (Phase == RoomPhase.Ended)
        {
            Refuse(request, RoomError.RoomNotFound);
        }
        else
        {
            if (_seats.Of(connection) is { } seat)
            {
                RemoveSeat(seat, LeaveReason.Left);
            }

            Answer(new PlayerRemoved(connection, RemovalReason.Left) { Request = request });
            Settle();
        }

        Done();
    }

    /// <summary>A connection is lost.</summary>
    public void Drop(RoomConnection connection)
    {
        if (_seats.Of(connection) is { } seat && Phase != RoomPhase.Ended)
        {
            LoseConnection(seat);
            Settle();
            Done();
        }
    }

    /// <summary>All connections of a node are lost.</summary>
    public void DropNode(ulong node)
    {
        if (Phase != RoomPhase.Ended)
        {
            foreach (var seat in _seats.All.Where(seat => seat.State == SeatState.Connected && seat.Connection.Node == node).ToList())
            {
                LoseConnection(seat);
            }

            Settle();
            Done();
        }
    }

    /// <summary>
    /// After the room was restored elsewhere, the node of a player says where the player is. Answers: <see cref="StateShown"/>; or refused, where
    /// the seat is gone for good, or <c>unavailable</c> where it is to be asked again.
    /// </summary>
    public void Announce(RequestId request, RoomConnection connection, string token)
    {
        if (CanServe(request))
        {
            var seat = _seats.OfToken(token);
            if (seat is null or { State: SeatState.Reserved } || (_seats.Of(connection) is { } other && other != seat))
            {
                Refuse(request, RoomError.Forbidden, "token");
            }
            else
            {
                Occupy(seat, connection);
                Request(request, () =>
                {
                    _outputs.Add(new StateShown(connection, _clock.Tick, StateReason.Restored, ShownTo(seat)) { Request = request });
                    TellChanges();
                });
            }
        }

        Done();
    }

    private bool MayEnter(RequestId request, JoinInput input)
    {
        if (_context.IsLocked)
        {
            Refuse(request, RoomError.RoomRefused, "locked");
        }
        else if (_context.Code is { } code && input.Code != code)
        {
            Refuse(request, RoomError.Forbidden, "code");
        }
        else if (!_seats.HasRoom(input.AsSpectator))
        {
            Refuse(request, RoomError.RoomFull);
        }
        else
        {
            return true;
        }

        return false;
    }

    private void Enter(RequestId request, JoinInput input, Seat? reserved)
    {
        var player = new RoomPlayer(_seats.NextPlayerId(), input.User, input.Data, reserved is null && input.AsSpectator);
        var seat = reserved ?? new Seat(NewToken(), input.User, input.AsSpectator);
        var mark = _outputs.Count;
        var isIn = reserved is not null;
        Turn(
            () =>
            {
                if (_room!.Joining(player).RefusalReason is { } reason)
                {
                    Refuse(request, RoomError.RoomRefused, reason);
                    isIn = isIn && RemoveReserved(seat);
                    return;
                }

                var state = HostContext.CheckData(_room.State(player));
                if (!isIn)
                {
                    AddSeat(seat);
                    isIn = true;
                }

                seat.Player = player;
                _seats.Connect(seat, input.Connection);
                _outputs.Add(new PlayerSeated(input.Connection, player, seat.Token, _clock.Tick, state, [.. _seats.Players], HasReturned: false) { Request = request }, waits: true);
                _seats.Tell(seat, isConnected: true);
                ShowChange(seat, PlayerChange.Joined);
                _room.Joined(player);
            },
            () =>
            {
                _outputs.Truncate(mark);
                if (isIn)
                {
                    _seats.Remove(seat);
                }

                Refuse(request, RoomError.Internal);
            });
    }

    /// <summary>A refused player does not keep the seat from others.</summary>
    private bool RemoveReserved(Seat seat)
    {
        _seats.Remove(seat);
        return false;
    }

    private void Return(RequestId request, Seat seat, RoomConnection connection)
    {
        Occupy(seat, connection);
        Request(request, () =>
        {
            var others = _seats.Players.Where(player => player != seat.Player);
            _outputs.Add(new PlayerSeated(connection, seat.Player!, seat.Token, _clock.Tick, ShownTo(seat), [.. others], HasReturned: true) { Request = request }, waits: true);
            TellChanges();
        });
    }

    /// <summary>The seat is at this connection from now on.</summary>
    private void Occupy(Seat seat, RoomConnection connection)
    {
        var (state, old) = (seat.State, seat.Connection);
        _seats.Connect(seat, connection);
        if (state == SeatState.Connected && old != connection)
        {
            _outputs.Add(new PlayerRemoved(old, RemovalReason.Replaced));
        }
        else if (state == SeatState.Dropped)
        {
            ShowChange(seat, PlayerChange.Returned);
        }
    }

    /// <summary>Deadlines of seats that are over.</summary>
    private void Expire()
    {
        foreach (var seat in _seats.All.Where(seat => seat.Deadline <= _now).ToList())
        {
            switch (seat.State)
            {
                case SeatState.Reserved: _seats.Remove(seat); break;
                case SeatState.Expected: LoseConnection(seat); break;
                default: RemoveSeat(seat, LeaveReason.TimedOut); break;
            }
        }

        Settle();
    }

    private void LoseConnection(Seat seat)
    {
        if (seat.IsSpectator || _options.Grace == TimeSpan.Zero)
        {
            RemoveSeat(seat, LeaveReason.TimedOut);
        }
        else
        {
            _seats.Drop(seat, _now + _options.Grace);
            ShowChange(seat, PlayerChange.Dropped);
        }
    }

    /// <summary>At the end of the room's turn, as part of it.</summary>
    private void RemoveKicked()
    {
        while (_context.TakeKicked() is { } seat)
        {
            if (seat.State == SeatState.Connected)
            {
                _outputs.Add(new PlayerRemoved(seat.Connection, RemovalReason.Kicked), waits: true);
            }

            RemoveSeat(seat, LeaveReason.Kicked);
            TellChanges();
        }
    }

    private void AddSeat(Seat seat)
    {
        _seats.Add(seat);
        _emptyUntil = null;
    }

    private void RemoveSeat(Seat seat, LeaveReason reason)
    {
        if (seat.IsTold)
        {
            _gone.Enqueue((seat.Player!, reason));
        }

        ShowChange(seat, PlayerChange.Left);
        _leaveReasons[seat.Player!] = reason;
        _seats.Remove(seat);
    }

    private void ShowChange(Seat seat, PlayerChange change)
    {
        if (!seat.IsSpectator)
        {
            _outputs.Add(new PlayerChanged(seat.Connection, seat.Player!, change));
        }
    }

    /// <summary>Tells the room's code what it does not know yet, if it can be told.</summary>
    private void Settle()
    {
        if (CanRun)
        {
            Turn(TellChanges);
        }
    }

    private void TellChanges()
    {
        while (_gone.TryDequeue(out var gone))
        {
            gone.Player.IsConnected = false;
            _room!.Left(gone.Player, gone.Reason);
        }

        foreach (var seat in _seats.All)
        {
            TellChange(seat);
        }

        while (_work.TryTake(out var name, out var result))
        {
            _context.Working = _work.Count;
            _room!.WorkDone(name, result);
        }
    }

    private void TellChange(Seat seat)
    {
        if (seat.Player is not { } player)
        {
            return;
        }

        if (!seat.IsTold)
        {
            _seats.Tell(seat, isConnected: true);
            _room!.Joined(player);
        }

        if (player.IsConnected != seat.IsThere)
        {
            _seats.Tell(seat, seat.IsThere);
            if (seat.IsThere)
            {
                _room!.Returned(player);
            }
            else
            {
                _room!.Dropped(player);
            }
        }
    }

    private RoomData ShownTo(Seat seat) => HostContext.CheckData(_room!.State(seat.Player!));

    private string NewToken()
    {
        var secret = new byte[16];
        _setup.FillSecret(secret);
        return string.Concat(Array.ConvertAll(secret, static one => one.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));
    }
}
