using Broker.Node.Delivery;
using Broker.Node.Links;

namespace Broker.Node.Lanes;

/// <summary>
/// One batch of a lane after the other: takes what was posted, executes it, offers it to the peers, and keeps the commands until
/// they may be completed. Sends nothing. Single-threaded: only its lane calls it.
/// </summary>
internal sealed class LaneTurn
{
    /// <summary>Commands executed before messages from peers get their turn.</summary>
    public const int Slice = 512;

    /// <summary>
    /// Subscriptions of ended connections closed at a time. The rest waits behind everybody else's commands: clients with
    /// thousands of topics that leave together would hold up the lane for a second.
    /// </summary>
    public const int LeaveSlice = 64;

    private readonly Lane _lane;
    private readonly ILaneTopics _topics;
    private readonly LanePartitions? _partitions;
    private readonly LaneRooms? _rooms;
    private readonly LinkSet _links;
    private readonly LaneBatch _batch;
    private readonly Queue<LaneCommand> _taken = new();
    private int _room;

    public LaneTurn(Lane lane, ILaneTopics topics, LanePartitions? partitions, LaneRooms? rooms, LinkSet links, int envelope)
    {
        (_lane, _topics, _partitions, _rooms, _links) = (lane, topics, partitions, rooms, links);
        _batch = new LaneBatch(envelope, OnSegment);
    }

    /// <summary>Commands not yet completed.</summary>
    public int Taken => _taken.Count;

    /// <param name="isOpen">The node may promise something; else what asks for a promise is refused.</param>
    public void Execute(bool isOpen)
    {
        _room = _links.Room();
        var isKeeping = _links.IsKeeping;
        var unkept = 0;
        var leaves = LeaveSlice;
        WorkOffLeaves(ref leaves);
        _topics.HasLeaving = _lane.FirstPutOff is not null;
        var n = 0;
        for (; n < Slice && _batch.Length < _room && _lane.TryTake(out var command); n++)
        {
            if (command is LeaveCommand leave)
            {
                if (!Leave(leave, ref leaves))
                {
                    _lane.PutOff(leave);
                    _topics.HasLeaving = true;
                }

                continue;
            }

            if (command.IsSequenced)
            {
                Execute(command, isOpen);
                continue;
            }

            _taken.Enqueue(command);
            if (command is RoomCommand or RoomPushCommand)
            {
                _rooms!.Execute(command, isOpen);
                continue;
            }

            if (!isOpen)
            {
                _topics.Refuse(command);
                continue;
            }

            var entry = _topics.Execute(command);
            if (entry.Payload.IsEmpty)
            {
                continue;
            }

            if (isKeeping)
            {
                _batch.Add(EntryOf(command, entry));
            }
            else
            {
                unkept++;
            }
        }

        // In a lane that is never done with its inbox, leaving keeps pace with what is executed.
        leaves += n;
        WorkOffLeaves(ref leaves);
        _batch.Close();
        if (unkept > 0)
        {
            _links.Count(unkept);
        }
    }

    private void Execute(LaneCommand command, bool isOpen)
    {
        if (isOpen)
        {
            _partitions!.Execute(command);
        }
        else
        {
            _partitions!.Refuse(command);
        }
    }

    /// <summary>The fence closed over this batch: what became of it elsewhere is not known.</summary>
    public void Disown()
    {
        foreach (var command in _taken)
        {
            command.Disown();
        }
    }

    public void Complete()
    {
        while (_taken.TryDequeue(out var command))
        {
            command.Complete();
        }
    }

    /// <summary>Whom it must not reach is a connection here: nobody elsewhere.</summary>
    private static EnvelopeEntry EntryOf(LaneCommand command, in LogEntry entry) =>
        new(EntryKind.Publish, command.Topic, entry.Format, origin: 0, entry.Time, entry.Payload);

    private void OnSegment(Segment segment)
    {
        _links.Offer(segment);
        _room = _links.Room();
    }

    private void WorkOffLeaves(ref int budget)
    {
        while (budget > 0 && _lane.FirstPutOff is { } command && Leave(command, ref budget))
        {
            _lane.DropFirstPutOff();
        }
    }

    /// <returns>Whether nothing of it is left.</returns>
    private bool Leave(LeaveCommand command, ref int budget)
    {
        while (budget > 0 && command.TryTake(out var subscription))
        {
            budget--;
            if (subscription.IsOfRoom)
            {
                _rooms!.Leave(subscription);
            }
            else if (subscription.IsSequenced)
            {
                _partitions!.Leave(subscription);
            }
            else
            {
                _topics.Leave(subscription);
            }
        }

        return command.IsDone;
    }
}
