using Akka.Actor;

namespace Broker.Node.Ownership;

/// <summary>
/// The sharded entity of a partition: while it lives, the partition is its node's. The lane does the work; no message of a client
/// comes here, because a shard region drops messages during a hand-off and orders nothing.
/// </summary>
internal sealed class PartitionLease(PartitionLeases leases, int partition) : UntypedActor
{
    protected override void PreStart() => leases.Set(partition);

    protected override void PostStop() => leases.Clear(partition);

    protected override void OnReceive(object message)
    {
        if (message is PartitionPoke)
        {
            // Whoever pokes has heard of no owner: the lane says again that it is one.
            leases.Set(partition);
        }
        else
        {
            Unhandled(message);
        }
    }
}
