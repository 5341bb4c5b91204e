using Akka.Actor;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Node.Lanes;

/// <summary>What rooms say.</summary>
internal sealed partial class LaneRooms
{
    /// <summary>Of a room that runs here.</summary>
    private void Tell(RoomPush push, uint[] nodes, bool isOpen)
    {
        var isWritten = false;
        foreach (var node in nodes)
        {
            if (node == _identity.Node)
            {
                if (isOpen)
                {
                    OnPush(node, push);
                }
                else if (_rooms.TryGetValue(push.Room, out var room))
                {
                    AnnounceAll(room, isAnew: true);
                }

                continue;
            }

            if (!isWritten)
            {
                isWritten = true;
                RoomCodec.Write(_buffer.Clear(), push);
            }

            if (!isOpen || !TryOffer(node))
            {
                _missed[(push.Room, node)] = push.Generation;
                IsBusy = true;
            }
        }
    }

    /// <summary>For a room that runs here, if it does.</summary>
    private void OnInput(uint peer, RoomInput input)
    {
        if (_runs.Find(input.Room) is { } actor)
        {
            actor.Tell(input, ActorRefs.NoSender);
        }
        else
        {
            TryOffer(peer, new RoomPush(RoomPushKind.NotHere, input.Room, 0) { Node = peer, Connection = input.Connection, Number = input.Number });
        }
    }

    private void OnPush(uint peer, RoomPush push)
    {
        if (!_rooms.TryGetValue(push.Room, out var room))
        {
            return;
        }

        if (push.Kind == RoomPushKind.NotHere)
        {
            OnNotHere(room, peer, push.Number);
            return;
        }

        if (push.Generation < room.Generation)
        {
            return;
        }

        room.Heard = _now();
        if (push.Kind == RoomPushKind.Moving)
        {
            if (room.Owner == peer)
            {
                Lose(room, isTold: false);
            }

            return;
        }

        var isOurs = push.Node == _identity.Node;
        var request = isOurs && push.Number != 0 && room.Requests.Remove(push.Number, out var asked) ? asked : null;

        // A refusal of a room that is not restored yet has no generation of its own.
        if (push.Generation > 0 && (room.Owner != peer || room.Generation < push.Generation))
        {
            Adopt(room, peer, push.Generation);
        }

        Take(room, push, isOurs, request);
        Forget(room);
    }

    private void Take(LocalRoom room, RoomPush push, bool isOurs, RoomRequest? request)
    {
        switch (push.Kind)
        {
            case RoomPushKind.All:
                Append(room, push, 0);
                break;
            case RoomPushKind.AllBut:
                Append(room, push, isOurs ? push.Connection : 0);
                break;
            case RoomPushKind.Only:
                Append(room, push, -push.Connection);
                Settle(room, push);
                break;
            case RoomPushKind.Seated:
                OnSeated(room, push, request);
                break;
            case RoomPushKind.Removed:
                OnRemoved(room, push, request);
                break;
            case RoomPushKind.Refused:
                OnRefused(room, push, request);
                break;
            case RoomPushKind.Ended:
                OnEnded(room, push);
                break;
            case RoomPushKind.Missed:
                AnnounceAll(room, isAnew: true);
                break;
        }
    }

    /// <summary>Somebody else runs the room, or the same once more.</summary>
    private void Adopt(LocalRoom room, uint owner, long generation)
    {
        var isNew = room.Generation < generation;
        var before = room.Generation;
        (room.Owner, room.Generation) = (owner, generation);
        foreach (var request in room.Requests.Values.ToList())
        {
            if (request.Sent is null || request.IsIdempotent)
            {
                Send(room, request);
            }
            else if (isNew && request.Generation <= before && room.Requests.Remove(request.Input.Number))
            {
                // The one before may have done it, and may have kept it.
                Refuse(room, request, ErrorCode.Timeout);
            }
        }

        if (isNew && before != 0)
        {
            AnnounceAll(room);
        }
    }

    private void OnNotHere(LocalRoom room, uint peer, long number)
    {
        if (room.Requests.TryGetValue(number, out var request))
        {
            request.Sent = request.Wakes ? _now() : null;
        }

        if (room.Owner == peer)
        {
            Lose(room, isTold: false);
        }

        IsBusy = true;
    }

    private void Append(LocalRoom room, RoomPush push, long origin)
    {
        if (room.Seats.Count > 0)
        {
            _logs.AppendTo(room.Topic, new LogEntry(push.Payload.Span, push.Format) { Origin = origin });
        }
    }

    private static void Settle(LocalRoom room, RoomPush push)
    {
        if (room.Seats.TryGetValue(push.Connection, out var seat) && seat.Announcement == push.Number)
        {
            seat.Announcement = 0;
        }
    }

    private void OnSeated(LocalRoom room, RoomPush push, RoomRequest? request)
    {
        if (!room.Seats.TryGetValue(push.Connection, out var seat) || seat.Subscription.HasLeft)
        {
            Drop(room, push.Connection);
            return;
        }

        if (request is null && seat.Token == push.Token)
        {
            // Asked once more than needed, and told already.
            return;
        }

        seat.Token = push.Token;
        if (seat.Subscription.IsOpen)
        {
            Append(room, push, -push.Connection);
        }
        else
        {
            Reply(seat.Subscription, push);
            _logs.Open(seat.Subscription);
        }
    }

    private void OnRemoved(LocalRoom room, RoomPush push, RoomRequest? request)
    {
        if (room.Seats.ContainsKey(push.Connection))
        {
            End(room, push.Connection, push);
        }
        else if (request?.Subscription is { } subscription)
        {
            Reply(subscription, push);
        }
    }

    private void OnRefused(LocalRoom room, RoomPush push, RoomRequest? request)
    {
        if (request is null)
        {
            return;
        }

        if (request.Input.Kind == RoomInputKind.Announce)
        {
            OnAnnouncementRefused(room, push, request);
            return;
        }

        if (request.Subscription is not { } subscription)
        {
            return;
        }

        if (subscription.IsOpen)
        {
            Append(room, push, -push.Connection);
        }
        else
        {
            Reply(subscription, push);
            Unseat(room, push.Connection);
        }
    }

    private void OnAnnouncementRefused(LocalRoom room, RoomPush push, RoomRequest request)
    {
        if (push.Error == ErrorCode.Unavailable)
        {
            // Asked again.
            room.Requests.Add(push.Number, request);
            request.Sent = _now();
            return;
        }

        if (room.Seats.ContainsKey(push.Connection))
        {
            var message = MessageBuffer.OfThread;
            var reason = push.Error == ErrorCode.RoomNotFound ? "ended" : "left";
            WireFormat.Json.Codec().Write(message, new RoomLeftMessage(default, room.Id, reason));
            End(room, push.Connection, push with { Payload = message.Written.ToArray(), Format = WireFormat.Json });
        }
    }

    private void OnEnded(LocalRoom room, RoomPush push)
    {
        foreach (var request in room.Requests.Values.ToList())
        {
            room.Requests.Remove(request.Input.Number);
            if (request.Subscription is not null)
            {
                Refuse(room, request, ErrorCode.RoomNotFound);
            }
        }

        foreach (var connection in room.Seats.Keys.ToList())
        {
            End(room, connection, push);
        }
    }

    /// <summary>The last that a connection hears of the room.</summary>
    private void End(LocalRoom room, long connection, RoomPush last)
    {
        Append(room, last, -connection);
        room.Seats.Remove(connection, out var seat);
        var subscription = seat!.Subscription;
        if (subscription.IsOpen)
        {
            _logs.End(subscription);
            _ending.Add(subscription);
        }

        seat.Connection.Tell(new RoomSeatEnded(subscription), ActorRefs.NoSender);
    }

    private void Reply(Subscription subscription, RoomPush push)
    {
        var buffer = _logs.Replies.Begin();
        if (push.Format == subscription.Form.Format)
        {
            var span = buffer.GetSpan(push.Payload.Length);
            push.Payload.Span.CopyTo(span);
            buffer.Advance(push.Payload.Length);
        }
        else if (!WireBridge.TryCarryPush(push.Payload.Span, push.Format, buffer))
        {
            subscription.Form.Format.Codec().Write(buffer.Clear(), new ErrorMessage(ErrorCode.Internal));
        }

        _logs.Replies.Promise(subscription.Writer);
    }
}
