using Akka.Actor;
using Broker.Node.Ownership;

namespace Broker.Tests.Ownership;

public sealed class PartitionLeasesSpecs
{
    private readonly List<(int Lane, bool Had)> _woken = [];
    private readonly PartitionLeases _leases;

    public PartitionLeasesSpecs() => _leases = new PartitionLeases(lanes: 8, lane => _woken.Add((lane, _leases!.Has(21))));

    [Fact]
    public void Node_owns_nothing_at_first() =>
        Assert.All(Enumerable.Range(0, 256), partition => Assert.False(_leases.Has(partition)));

    /// <summary>A lane that looks when it is woken must not find the entry that was there before.</summary>
    [Fact]
    public void Lane_of_the_partition_is_woken_after_each_change()
    {
        _leases.Set(21);
        Assert.True(_leases.Has(21));
        _leases.Clear(21);
        Assert.False(_leases.Has(21));
        Assert.Equal([(5, true), (5, false)], _woken);
    }

    [Fact]
    public void Entries_do_not_touch_each_other()
    {
        _leases.Set(0);
        _leases.Set(255);
        _leases.Clear(0);
        Assert.Equal([255], Enumerable.Range(0, 256).Where(_leases.Has));
    }

    [Fact]
    public async Task Entity_owns_from_its_start_to_its_end_and_wakes_the_lane_at_every_poke()
    {
        using var system = ActorSystem.Create("leases", "akka.stdout-loglevel = OFF\nakka.loglevel = OFF");
        var entity = system.ActorOf(Props.Create(() => new PartitionLease(_leases, 21)));
        entity.Tell(new PartitionPoke(21));
        entity.Tell("nothing for an entity");
        Assert.True(await entity.GracefulStop(TimeSpan.FromSeconds(10)));
        Assert.Equal([(5, true), (5, true), (5, false)], _woken);
        Assert.False(_leases.Has(21));
    }

    [Fact]
    public async Task Poke_goes_to_the_region_while_there_is_one()
    {
        using var system = ActorSystem.Create("leases", "akka.stdout-loglevel = OFF\nakka.loglevel = OFF");
        var poked = new TaskCompletionSource<object>();
        var region = system.ActorOf(Props.Create(() => new Recorder(poked)));
        _leases.Poke(1);
        _leases.Region = region;
        _leases.Poke(2);
        Assert.Equal(new PartitionPoke(2), await poked.Task.WaitAsync(TestContext.Current.CancellationToken));
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(TaskCompletionSource<object> first) => ReceiveAny(message => first.TrySetResult(message));
    }
}
