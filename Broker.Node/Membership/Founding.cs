using Akka.Actor;

namespace Broker.Node.Membership;

/// <summary>
/// Founding is not serving. A node that finds no cluster founds one, and may be wrong: the others may have been slow to answer,
/// or cut off. This decides when such a cluster may take clients: when a member serves already; otherwise when no other cluster
/// has asked for <see cref="Quiet"/>, and of three or more seeds a majority are members, of fewer every seed is a member, refused
/// the connection or said that it is in no cluster. Pure; not thread-safe.
/// </summary>
/// <param name="seeds">All seeds, this node among them if it is one.</param>
/// <param name="self">This node's address.</param>
/// <param name="required">How many seeds must be members instead of the above; null: as above.</param>
/// <param name="isNamed">Whether others can know this node's address beforehand, and so look for it.</param>
internal sealed class Founding(IReadOnlyCollection<Address> seeds, Address self, int? required, bool isNamed)
{
    /// <summary>Nodes ask every 2 s: who has not asked for this long is not there.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    /// <summary>How long it counts that a seed was not running, or in no cluster.</summary>
    private static readonly TimeSpan AbsenceCounts = TimeSpan.FromSeconds(5);

    private readonly Dictionary<Address, TimeSpan> _absent = [];
    private TimeSpan _lastAsked;

    /// <summary>A member serves clients: this node may, too.</summary>
    public bool ServingHeard { get; set; }

    /// <summary>The seed refused a connection, or is in no cluster.</summary>
    public void Absent(Address seed, TimeSpan now) => _absent[seed] = now;

    /// <summary>A node of another cluster asked, or this node has just become able to hear it.</summary>
    public void Asked(TimeSpan now) => _lastAsked = now;

    /// <summary>What is missing before the cluster may serve, for people; "" for nothing.</summary>
    /// <param name="members">Addresses of all members, this node's among them.</param>
    /// <param name="now">Time since any moment, the same for all calls.</param>
    public string Missing(IReadOnlySet<Address> members, TimeSpan now)
    {
        if (ServingHeard || (seeds.All(self.Equals) && !isNamed))
        {
            return "";
        }

        var present = seeds.Count(members.Contains);
        if (required is { } least)
        {
            return present >= least ? Silence(now) : $"{present} of {least} seeds are members";
        }

        if (seeds.Count > 2)
        {
            return present > seeds.Count / 2 ? Silence(now) : $"{present} of {seeds.Count} seeds are members, a majority must be";
        }

        foreach (var seed in seeds)
        {
            if (!members.Contains(seed) && !seed.Equals(self) && !(_absent.TryGetValue(seed, out var at) && now - at < AbsenceCounts))
            {
                return $"nothing is known of seed {seed.Host}:{seed.Port}: it may be running in another cluster";
            }
        }

        return Silence(now);
    }

    private string Silence(TimeSpan now) => now - _lastAsked >= Quiet ? "" : "listening for another cluster";
}
