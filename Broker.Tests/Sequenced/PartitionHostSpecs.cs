using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Tests.Sequenced;

/// <summary>A partition on one lane, and what it says to others.</summary>
public sealed class PartitionHostSpecs
{
    private static readonly LaneId Here = new(1, 1);
    private static readonly LaneId There = new(2, 1);
    private static readonly byte[] Topic = [(byte)'t'];

    private readonly FakePartitionOutput _output = new();
    private readonly PartitionHost _host;
    private long _clock;

    public PartitionHostSpecs() => _host = Host(TimeSpan.Zero);

    [Fact]
    public void Who_comes_while_an_owner_takes_over_is_told_to_it_when_it_knows_this_lane()
    {
        var generation = new Generation(1, There);
        _host.OnMember(There);
        _host.Receive(There, new TakeOver(generation));
        _host.Replica.SetMember(Topic, new TopicMember([(byte)'u'], default, default), 1);
        _host.Receive(There, new Stated(generation, 5, 0, 0, 0, IsCopy: false, null));
        var register = Assert.IsType<Register>(_output.Sent[^1].Message);
        _host.Receive(There, new Stated(generation, 5, 0, 0, 0, IsCopy: false, null) { Registration = register.Number });

        var told = Assert.IsType<MembersTold>(_output.Sent[^1].Message);
        Assert.Equal((There, 1), (_output.Sent[^1].To, Assert.Single(told.Members).Connections));
    }

    [Fact]
    public void Question_about_what_is_committed_is_answered_at_once()
    {
        _host.SetLease(true);
        var generation = _host.Owner!.Generation;
        _host.Receive(Here, new Asked(generation, 1, new TopicQuery(TopicQueryKind.Barrier, Topic)));

        Assert.Equal(1, Assert.IsType<Told>(_output.Sent[^1].Message).Id);
    }

    /// <summary>The pages together are a log from the beginning, though each but the last ends before something that was taken away.</summary>
    [Fact]
    public void Copy_that_begins_anew_goes_on_from_page_to_page()
    {
        var generation = new Generation(1, There);
        _host.OnMember(There);
        _host.Receive(There, new Stated(generation, 5, 4, 4, -1, IsCopy: true, null));
        _host.Receive(There, new Pulled(generation, 0, [Entry(generation, 1)], 4, 3));
        _host.Receive(There, new Pulled(generation, 1, [Entry(generation, 2)], 4, 3));
        Assert.Equal(2, Assert.IsType<Pull>(_output.Sent[^1].Message).After);

        // Taken away since, perhaps from what came.
        _host.Receive(There, new Pulled(generation, 2, [Entry(generation, 4)], 5, 5));
        Assert.Equal(0, Assert.IsType<Pull>(_output.Sent[^1].Message).After);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_went_unheard_leaves_when_its_lane_says_anew_who_is_there(bool isToldAgain)
    {
        _host.OnMember(There);
        _host.SetLease(true);
        var generation = _host.Owner!.Generation;
        _host.Receive(There, new Head(generation, null, false, 0, 0, [], 0));
        var told = new MemberTold(generation, Topic, new TopicMember([(byte)'u'], default, default), 1);
        _host.Receive(There, new Register(generation, 1, true, 1, AreMembersAnew: false));
        _host.Receive(There, told);
        _host.Receive(There, new Register(generation, 2, true, 1, AreMembersAnew: true));
        if (isToldAgain)
        {
            _host.Receive(There, told);
        }

        _host.Tick(PartitionTopics.LeaveGrace - TimeSpan.FromSeconds(1));
        Assert.Equal(1, _host.Replica.Log.Topics[Topic].Members);
        _host.Tick(PartitionTopics.LeaveGrace + TimeSpan.FromSeconds(1));
        Assert.Equal(isToldAgain ? 1 : 0, _host.Replica.Log.Topics[Topic].Members);
    }

    /// <summary>The first look of a new owner is no time at which somebody has been gone for long.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_goes_in_the_first_second_of_an_owner_has_the_grace_as_well(bool isNew)
    {
        var start = TimeSpan.FromHours(1);
        var host = isNew ? Host(start) : _host;
        if (!isNew)
        {
            host.Tick(start);
        }

        host.SetLease(true);
        foreach (var connections in new[] { 1, 0 })
        {
            host.Receive(Here, new MemberTold(host.Owner!.Generation, Topic, new TopicMember([(byte)'u'], default, default), connections));
        }

        host.Tick(start + PartitionTopics.LeaveGrace - TimeSpan.FromSeconds(1));
        Assert.Equal(1, host.Replica.Log.Topics[Topic].Members);
        host.Tick(start + PartitionTopics.LeaveGrace);
        Assert.Equal(0, host.Replica.Log.Topics[Topic].Members);
    }

    /// <summary>Also who comes back before anybody has looked: where it is, it does not know of the others any more.</summary>
    [Fact]
    public void Nodes_of_a_user_are_told_on_how_many_it_is()
    {
        var topic = TopicName.OfUser("ann"u8);
        var host = Host(TimeSpan.Zero, sharesRates: true);
        host.OnMember(There);
        host.SetLease(true);
        host.Receive(There, new Head(host.Owner!.Generation, null, false, 0, 0, [], 0));
        List<int> told = [];
        foreach (var (lane, connections) in new[] { (Here, 1), (There, 1), (There, 2), (There, 0), (There, 0), (Here, 2) })
        {
            host.Receive(lane, new MemberTold(host.Owner!.Generation, topic, new TopicMember([.. "ann"u8], default, default), connections));
            host.Tick(TimeSpan.Zero);
            told.Add(Last());
        }

        Assert.Equal([1, 2, 2, 1, 1, 1], told);
        var end = host.Replica.Log.End;
        host.Receive(There, new MemberTold(host.Owner!.Generation, topic, new TopicMember([.. "ann"u8], default, default), 1));
        host.Receive(There, new MemberTold(host.Owner!.Generation, topic, new TopicMember([.. "ann"u8], default, default), 0));
        host.Tick(TimeSpan.Zero);
        Assert.Equal((end + 1, 1), (host.Replica.Log.End, Last()));

        int Last()
        {
            var order = UserOrder.Read(host.Replica.Log.After(host.Replica.Log.End - 1, 1, int.MaxValue)[0].Forward.Payload.Span)!;
            Assert.Equal(UserOrderKind.Share, order.Kind);
            return order.Topic[0];
        }
    }

    [Fact]
    public void Copy_forgets_keys_as_the_owner_does()
    {
        var generation = new Generation(1, There);
        _host.OnMember(There);
        _host.Receive(There, new Stated(generation, 5, 1, 1, -1, IsCopy: true, null));
        _host.Receive(There, new Pulled(generation, 0, [Entry(generation, 1) with { Forward = new Forward(There, 1, Topic) { Key = [1] } }], 1, 0));
        _host.Receive(There, new Committed(generation, 1));
        _host.Tick(TimeSpan.Zero);
        Assert.Equal(1, _host.Replica.Log.Topics[Topic].Keys);

        _clock = TopicState.KeyTime + 1;
        _host.Tick(TimeSpan.FromMinutes(1));
        Assert.Equal(0, _host.Replica.Log.Topics[Topic].Keys);
    }

    /// <summary>What it had sent to the owner that is lost is given up, and leaves no hole that would hold up what comes behind.</summary>
    [Fact]
    public void Survivor_goes_on_behind_what_it_had_sent_to_the_owner_that_was_lost()
    {
        var host = Host(TimeSpan.Zero, isSurvivor: true);
        var generation = new Generation(1, There);
        var stated = new Stated(generation, 4, 0, 0, -1, IsCopy: true, null);
        host.OnMember(There);
        host.Receive(There, stated);
        host.Receive(There, new SetTold(generation, new CopySet(generation, 1, There, Here), 0));
        host.Receive(There, stated with { Registration = Last<Register>().Number });
        host.Replica.Publish(new Forward(default, 0, Topic), TimeSpan.FromSeconds(10));
        host.Receive(There, new Appended(generation, new PartitionEntry(1, generation, 1, Last<Forwarded>().Forward), 0));
        var lost = host.Replica.Publish(new Forward(default, 0, Topic), TimeSpan.FromSeconds(10));
        host.OnRemoved(There);
        var said = _output.Sent.Count;
        host.SetLease(true);
        said = SayToSelf(host, said);
        var next = host.Replica.Publish(new Forward(default, 0, Topic), TimeSpan.FromSeconds(10));
        SayToSelf(host, said);

        Assert.Contains((lost, PublishEnd.Timeout), _output.Ended);
        Assert.Contains((next, PublishEnd.Published), _output.Ended);
    }

    private T Last<T>() => _output.Sent.Select(static sent => sent.Message).OfType<T>().Last();

    private int SayToSelf(PartitionHost host, int from)
    {
        for (; from < _output.Sent.Count; from++)
        {
            if (_output.Sent[from].To == Here)
            {
                host.Receive(Here, _output.Sent[from].Message);
            }
        }

        return from;
    }

    private PartitionHost Host(TimeSpan now, bool sharesRates = false, bool isSurvivor = false) => new(
        new PartitionContext(
            7, Here, _output, new PartitionSettings(new TopicSettings([]), new HistoryBudget(1000, long.MaxValue, long.MaxValue, 1000)) { SharesRates = sharesRates, IsSurvivor = isSurvivor }, static () => 5, () => _clock),
        now);

    private static PartitionEntry Entry(Generation generation, long sequence) => new(sequence, generation, sequence, new Forward(There, sequence, Topic));
}
