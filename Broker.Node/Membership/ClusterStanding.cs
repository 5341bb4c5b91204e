using Akka.Actor;
using Akka.Cluster;

namespace Broker.Node.Membership;

/// <summary>What decides where two clusters meet, the same for both: who serves, then who is larger, then who has the lowest address.</summary>
/// <param name="Serves">Whether the node that speaks for the cluster serves clients.</param>
/// <param name="Size">Members.</param>
/// <param name="Lowest">The lowest address among them.</param>
internal readonly record struct ClusterStanding(bool Serves, int Size, Address Lowest)
{
    public bool Beats(ClusterStanding other) =>
        Serves != other.Serves ? Serves
        : Size != other.Size ? Size > other.Size
        : Member.AddressOrdering.Compare(Lowest, other.Lowest) < 0;
}
