using Akka.Actor;
using Broker.Node.Lanes;
using Broker.Node.Topics;

namespace Broker.Node.Ownership;

/// <summary>The node's table of leases: the entities of partitions write it, lanes read it.</summary>
/// <param name="lanes">Lanes of the node; a partition belongs to the one that its number modulo this names.</param>
/// <param name="wake">Has a lane look at its leases; called by actors: must not block.</param>
internal sealed class PartitionLeases(int lanes, Action<int> wake) : IPartitionLeases
{
    private readonly bool[] _owned = new bool[TopicName.Partitions];
    private IActorRef? _region;

    /// <summary>Where pokes go; null: nowhere.</summary>
    public IActorRef? Region
    {
        get => Volatile.Read(ref _region);
        set => Volatile.Write(ref _region, value);
    }

    public bool Has(int partition) => Volatile.Read(ref _owned[partition]);

    public void Poke(int partition) => Region?.Tell(new PartitionPoke(partition), ActorRefs.NoSender);

    public void Set(int partition) => Write(partition, isOwned: true);

    public void Clear(int partition) => Write(partition, isOwned: false);

    private void Write(int partition, bool isOwned)
    {
        Volatile.Write(ref _owned[partition], isOwned);
        wake(partition % lanes);
    }
}
