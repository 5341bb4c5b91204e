namespace Broker.Node.Lanes;

/// <summary>What a room that runs here says, in its order.</summary>
/// <param name="topicHash">Of the topic of the room's pushes.</param>
/// <param name="pushes">Each with the uids of the nodes that it goes to; not changed any more.</param>
internal sealed class RoomPushCommand(uint topicHash, IReadOnlyList<(RoomPush Push, uint[] Nodes)> pushes) : LaneCommand
{
    public override uint TopicHash => topicHash;

    public override ReadOnlySpan<byte> Topic => default;

    public IReadOnlyList<(RoomPush Push, uint[] Nodes)> Pushes => pushes;

    public override void Complete()
    {
    }
}
