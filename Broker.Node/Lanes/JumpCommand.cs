using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

/// <summary>The connection lags too much: its cursor on a topic that may skip jumps to the end of the log, if it still lags.</summary>
internal sealed class JumpCommand(Subscription subscription) : LaneCommand
{
    public override uint TopicHash => subscription.TopicHash;

    public override ReadOnlySpan<byte> Topic => subscription.Topic;

    public Subscription Subscription => subscription;

    public override void Complete()
    {
    }
}
