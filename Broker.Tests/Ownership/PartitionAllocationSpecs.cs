using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Broker.Node.Ownership;
using Broker.Node.Sequenced;

namespace Broker.Tests.Ownership;

public sealed class PartitionAllocationSpecs
{
    private static readonly string[] Shards = [.. Enumerable.Range(0, 256).Select(static partition => partition.ToString(CultureInfo.InvariantCulture))];
    private static readonly Address Self = AddressOf(1);

    private readonly List<PartitionAllocation.Node> _members = [Up(1), Up(2), Up(3)];
    private readonly PartitionAllocation _allocation;

    public PartitionAllocationSpecs() => _allocation = new PartitionAllocation(() => _members, Self);

    [Fact]
    public async Task Shard_goes_to_the_member_with_the_highest_weight()
    {
        var regions = Empty(1, 2, 3);
        foreach (var shard in Shards)
        {
            Assert.Equal(RegionOf(Heaviest(shard, 1, 2, 3)), await AllocateAsync(shard, regions));
        }
    }

    [Fact]
    public async Task Every_member_gets_its_share()
    {
        var owners = await Task.WhenAll(Shards.Select(shard => AllocateAsync(shard, Empty(1, 2, 3))));
        Assert.All(owners.CountBy(static owner => owner), static share => Assert.InRange(share.Value, 256 / 3 / 2, 256 / 3 * 2));
    }

    /// <summary>The copy of an owner is where the partition goes when the owner dies.</summary>
    [Fact]
    public async Task Successor_of_an_owner_is_the_node_with_the_copy()
    {
        foreach (var shard in Shards)
        {
            var owner = Heaviest(shard, 1, 2, 3);
            var others = new PartitionMembers();
            foreach (var node in new uint[] { 1, 2, 3 }.Where(node => node != owner))
            {
                others.Add(new LaneId(node, 1));
            }

            _members.Clear();
            _members.AddRange(others.Others.Select(static lane => Up(lane.Node)));
            Assert.Equal(RegionOf(others.CopyOf(int.Parse(shard, null))!.Value.Node), await AllocateAsync(shard, Empty([.. others.Others.Select(static lane => lane.Node)])));
        }
    }

    [Fact]
    public async Task Member_without_a_region_gets_nothing()
    {
        foreach (var shard in Shards)
        {
            Assert.Equal(RegionOf(Heaviest(shard, 1, 3)), await AllocateAsync(shard, Empty(1, 3)));
        }
    }

    [Fact]
    public async Task Member_that_comes_or_goes_gets_nothing()
    {
        _members[1] = _members[1] with { IsUp = false };
        foreach (var shard in Shards)
        {
            Assert.Equal(RegionOf(Heaviest(shard, 1, 3)), await AllocateAsync(shard, Empty(1, 2, 3)));
        }
    }

    [Fact]
    public async Task Region_of_an_earlier_life_at_the_same_address_counts_with_the_uid_that_is_there()
    {
        _members[1] = _members[1] with { Uid = 20 };
        foreach (var shard in Shards)
        {
            var heaviest = Heaviest(shard, 1, 20, 3);
            Assert.Equal(RegionOf(heaviest == 20 ? 2 : heaviest), await AllocateAsync(shard, Empty(1, 2, 3)));
        }
    }

    [Fact]
    public async Task Somebody_owns_a_shard_where_no_region_is_on_a_member_that_is_up()
    {
        _members.Clear();
        Assert.Equal(RegionOf(2), await AllocateAsync("7", Empty(2)));
    }

    [Fact]
    public async Task Nothing_moves_where_everything_lies_where_it_belongs()
    {
        Assert.Empty(await MovedAsync(await AllocatedAsync(1, 2, 3)));
    }

    [Fact]
    public async Task Only_what_belongs_to_a_new_member_moves()
    {
        var regions = await AllocatedAsync(1, 2);
        List<string> moved = [];
        foreach (var shard in Shards)
        {
            // One at a time, so that the bound is not what is tried here.
            var one = regions.ToImmutableDictionary(static region => region.Key, region => (IImmutableList<string>)region.Value.Where(held => held == shard).ToImmutableList()).Add(RegionOf(3), []);
            moved.AddRange(await MovedAsync(one));
        }

        Assert.NotEmpty(moved);
        Assert.Equal(Shards.Where(static shard => Heaviest(shard, 1, 2, 3) == 3), moved);
    }

    /// <summary>A dead node answers no hand-over, and its partitions would have no owner until the time for that is up.</summary>
    [Fact]
    public async Task Nothing_moves_from_a_node_that_was_removed_while_its_region_is_still_known()
    {
        var regions = await AllocatedAsync(1, 2, 3);
        _members.RemoveAt(1);
        Assert.Empty(await MovedAsync(regions));
    }

    [Fact]
    public async Task So_many_move_at_a_time_with_those_that_are_moving_already()
    {
        var regions = (await AllocatedAsync(1, 2)).Add(RegionOf(3), []);
        var first = await MovedAsync(regions);
        Assert.Equal(PartitionAllocation.MostAtOnce, first.Count);

        IImmutableSet<string> moving = first.Take(15).ToImmutableHashSet();
        var second = await MovedAsync(regions, moving);
        Assert.Equal(PartitionAllocation.MostAtOnce - 15, second.Count);
        Assert.Empty(second.Intersect(moving));
        Assert.Empty(await MovedAsync(regions, first));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Nothing_moves_while_a_member_comes_goes_or_is_silent(bool isUp, bool isReachable)
    {
        var regions = (await AllocatedAsync(1, 2)).Add(RegionOf(3), []);
        _members.Add(Up(4) with { IsUp = isUp, IsReachable = isReachable });
        Assert.Empty(await MovedAsync(regions));
    }

    private static PartitionAllocation.Node Up(uint uid) => new(AddressOf(uid), uid, IsUp: true, IsReachable: true);

    private static Address AddressOf(uint node) => new("akka.tcp", "broker", $"10.0.0.{node}", 4053);

    private static uint Heaviest(string shard, params uint[] nodes) => nodes.MaxBy(node => Rendezvous.Weight(int.Parse(shard, null), node));

    /// <summary>That of this node has no host in its path.</summary>
    private static Region RegionOf(uint node) => new(AddressOf(node).Equals(Self) ? new Address("akka", "broker") : AddressOf(node));

    private static ImmutableDictionary<IActorRef, IImmutableList<string>> Empty(params uint[] nodes) =>
        nodes.ToImmutableDictionary(static node => (IActorRef)RegionOf(node), static _ => (IImmutableList<string>)ImmutableList<string>.Empty);

    private Task<IActorRef> AllocateAsync(string shard, ImmutableDictionary<IActorRef, IImmutableList<string>> regions) =>
        _allocation.AllocateShard(ActorRefs.Nobody, shard, regions);

    private Task<IImmutableSet<string>> MovedAsync(ImmutableDictionary<IActorRef, IImmutableList<string>> regions, IImmutableSet<string>? moving = null) =>
        _allocation.Rebalance(regions, moving ?? ImmutableHashSet<string>.Empty);

    /// <summary>All shards where they belong among these nodes.</summary>
    private async Task<ImmutableDictionary<IActorRef, IImmutableList<string>>> AllocatedAsync(params uint[] nodes)
    {
        var regions = Empty(nodes);
        foreach (var shard in Shards)
        {
            var owner = await AllocateAsync(shard, Empty(nodes));
            regions = regions.SetItem(owner, regions[owner].Add(shard));
        }

        return regions;
    }

    private sealed class Region(Address address) : MinimalActorRef
    {
        public override ActorPath Path { get; } = new RootActorPath(address) / "system" / "sharding" / "partitions";

        public override IActorRefProvider Provider => throw new NotSupportedException();
    }
}
