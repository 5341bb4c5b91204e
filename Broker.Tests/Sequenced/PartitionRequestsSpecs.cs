using Broker.Node.Sequenced;

namespace Broker.Tests.Sequenced;

/// <summary>What is wanted of an owner while the link to it takes no more.</summary>
public sealed class PartitionRequestsSpecs
{
    private static readonly LaneId Here = new(1, 1);
    private static readonly byte[] Topic = [(byte)'t'];
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(14);

    private readonly FakePartitionOutput _output = new();
    private readonly PartitionRequests _requests;
    private readonly Generation _owner = new(1, new LaneId(2, 1));

    public PartitionRequestsSpecs() => _requests = new PartitionRequests(Here, _output);

    [Fact]
    public void What_the_link_does_not_take_waits_and_nothing_overtakes_it()
    {
        _requests.OnRegistered(_owner, 0);
        Publish();
        _output.IsFull = true;
        Publish();
        _requests.Ask(new TopicQuery(TopicQueryKind.Barrier, Topic), Deadline);
        _output.IsFull = false;
        Publish();
        Assert.Equal(["1"], Sent());

        _requests.SendHeld();
        Assert.Equal(["1", "2", "?", "3"], Sent());
        Publish();
        Assert.Equal(["1", "2", "?", "3", "4"], Sent());
    }

    [Fact]
    public void What_the_link_never_took_is_unavailable_in_the_end_and_what_it_took_timeout()
    {
        _requests.OnRegistered(_owner, 0);
        Publish();
        _output.IsFull = true;
        Publish();
        _requests.Tick(Deadline);
        Assert.Equal([(1L, PublishEnd.Timeout), (2L, PublishEnd.Unavailable)], _output.Ended);

        // The number of what never went there is free.
        _output.IsFull = false;
        Publish(2 * Deadline);
        _requests.SendHeld();
        Assert.Equal(["1", "2"], Sent());
    }

    [Fact]
    public void Another_owner_gets_what_the_link_to_the_former_did_not_take()
    {
        _requests.OnRegistered(_owner, 0);
        _output.IsFull = true;
        Publish();
        _requests.Forget();
        _output.IsFull = false;
        Publish();
        Assert.Empty(_output.Sent);

        _requests.OnRegistered(new Generation(2, Here), 0);
        Assert.Equal(["1", "2"], Sent());
        Assert.All(_output.Sent, static sent => Assert.Equal(Here, sent.To));
    }

    private void Publish(TimeSpan? deadline = null) => _requests.Publish(new Forward(default, 0, Topic), deadline ?? Deadline);

    private IEnumerable<string> Sent() => _output.Sent.Select(static sent => sent.Message is Forwarded { Forward.Number: var number } ? $"{number}" : "?");
}
