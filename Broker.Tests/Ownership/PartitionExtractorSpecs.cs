using System.Globalization;
using Akka.Actor;
using Broker.Node.Ownership;
using Broker.Node.Topics;

namespace Broker.Tests.Ownership;

public sealed class PartitionExtractorSpecs
{
    private readonly PartitionExtractor _extractor = new();

    [Fact]
    public void Every_partition_is_an_entity_in_a_shard_of_its_own()
    {
        var ids = Enumerable.Range(0, TopicName.Partitions).Select(static partition => partition.ToString(CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(ids, Enumerable.Range(0, TopicName.Partitions).Select(partition => _extractor.EntityId(new PartitionPoke(partition))));
        Assert.Equal(ids, ids.Select(id => _extractor.ShardId(id)));
    }

    [Fact]
    public void Poke_reaches_the_entity_as_it_is()
    {
        var poke = new PartitionPoke(7);
        Assert.Same(poke, _extractor.EntityMessage(poke));
    }

    [Fact]
    public void Anything_else_belongs_to_no_entity()
    {
        Assert.Null(_extractor.EntityId("7"));
        Assert.Null(_extractor.EntityId(7));
        Assert.Null(_extractor.EntityId(PoisonPill.Instance));
    }

    /// <summary>A number without a sign has no absolute value that is negative.</summary>
    [Theory]
    [InlineData(0u, 0)]
    [InlineData(255u, 255)]
    [InlineData(256u, 0)]
    [InlineData(0x80000000u, 0)]
    [InlineData(uint.MaxValue, 255)]
    public void Hash_belongs_to_a_partition(uint hash, int partition) => Assert.Equal(partition, TopicName.PartitionOf(hash));

    /// <summary>So that a lane has all of a partition.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(256)]
    public void Topics_of_a_partition_belong_to_one_lane(int lanes)
    {
        for (var hash = 0u; hash < 100_000; hash += 7)
        {
            Assert.Equal(TopicName.Lane(hash, lanes), TopicName.PartitionOf(hash) % lanes);
        }
    }
}
