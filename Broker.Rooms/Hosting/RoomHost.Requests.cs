namespace Broker.Rooms.Hosting;

/// <summary>What players say and ask.</summary>
public sealed partial class RoomHost
{
    /// <summary>A message of a player. Answers: <see cref="RequestDone"/> when the room has taken it, or refused.</summary>
    /// <param name="name">Empty: none.</param>
    /// <param name="to">Id of a player or spectator; null: nobody in particular.</param>
    public void Send(RequestId request, RoomConnection connection, string name, RoomData data, string? to = null)
    {
        if (CanServe(request) && Fits(request, name, data, RoomLimits.Data) && PlayerAt(request, connection) is { } player)
        {
            var target = to is null ? null : _seats.OfPlayer(to)?.Player;
            if (to is not null && target is null)
            {
                Refuse(request, RoomError.InvalidMessage, "to");
            }
            else
            {
                Request(request, () =>
                {
                    _room!.Message(player, new RoomMessage(name, data, target));
                    Answer(new RequestDone(RoomData.None) { Request = request });
                });
            }
        }

        Done();
    }

    /// <summary>A player asks. Answers: <see cref="RequestDone"/>, or refused; as <see cref="RoomError.Failed"/> where the room says so.</summary>
    public void Call(RequestId request, RoomConnection connection, string method, RoomData data)
    {
        if (CanServe(request) && Fits(request, method, data, RoomLimits.Data) && PlayerAt(request, connection) is { } player)
        {
            Request(request, () =>
            {
                var answer = _room!.Call(player, method, data);
                HostContext.CheckData(answer.Data);
                Answer(answer.FailureReason is { } reason
                    ? new RequestRefused(RoomError.Failed, Cut(reason), answer.Data) { Request = request }
                    : new RequestDone(answer.Data) { Request = request });
            });
        }

        Done();
    }

    /// <summary>A player or spectator asks for the state. Answers: <see cref="StateShown"/>, or refused.</summary>
    public void Sync(RequestId request, RoomConnection connection)
    {
        if (CanServe(request))
        {
            if (_seats.Of(connection) is { } seat)
            {
                Request(request, () => _outputs.Add(new StateShown(connection, _clock.Tick, StateReason.Asked, ShownTo(seat)) { Request = request }));
            }
            else
            {
                Refuse(request, RoomError.Forbidden);
            }
        }

        Done();
    }

    /// <summary>A turn that answers a request as its last deed, or whose failure does.</summary>
    private void Request(RequestId request, Action turn)
    {
        var mark = _outputs.Count;
        Turn(turn, () =>
        {
            if (!_outputs.HasAnswer(request, mark))
            {
                Refuse(request, RoomError.Internal);
            }
        });
    }

    private bool CanServe(RequestId request)
    {
        if (Phase == RoomPhase.Ended)
        {
            Refuse(request, RoomError.RoomNotFound);
        }
        else if (_isSuspended || Phase == RoomPhase.Failed || _outputs.IsFull)
        {
            Refuse(request, RoomError.Unavailable);
        }
        else
        {
            Wake();
            return CanRun || CanServe(request);
        }

        return false;
    }

    private bool Fits(RequestId request, string name, RoomData data, int most)
    {
        var reason = name.Length > RoomLimits.Name ? "name" : data.Bytes.Length > most || (!data.IsNone && data.Format != _options.Format) ? "data" : null;
        if (reason is not null)
        {
            Refuse(request, RoomError.InvalidMessage, reason);
        }

        return reason is null;
    }

    private RoomPlayer? PlayerAt(RequestId request, RoomConnection connection)
    {
        if (_seats.Of(connection) is { IsSpectator: false, Player: { } player })
        {
            return player;
        }

        Refuse(request, RoomError.Forbidden);
        return null;
    }
}
