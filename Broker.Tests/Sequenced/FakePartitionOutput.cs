using Broker.Node.Sequenced;

namespace Broker.Tests.Sequenced;

/// <summary>What a partition's part on a lane does where nobody is subscribed, written down.</summary>
internal sealed class FakePartitionOutput : IPartitionOutput
{
    public List<(LaneId To, PartitionMessage Message)> Sent { get; } = [];

    public List<(long Token, PublishEnd End)> Ended { get; } = [];

    /// <summary>The links take nothing.</summary>
    public bool IsFull { get; set; }

    public bool Send(LaneId to, PartitionMessage message)
    {
        if (!IsFull)
        {
            Sent.Add((to, message));
        }

        return !IsFull;
    }

    public void Deliver(ulong epoch, PartitionEntry entry) => Assert.Fail("Nobody is subscribed.");

    public void Gap(ulong epoch, long sequence) => Assert.Fail("Nobody is subscribed.");

    public void Answer(long token, PublishEnd end, TopicPosition position, int copies) => Ended.Add((token, end));

    public void Told(long token, TopicAnswer answer) => Assert.Fail("Nothing was asked.");
}
