using Broker.Node.Delivery;
using Broker.Node.Lanes;

namespace Broker.Tests.Support;

/// <summary>The one lane of a node without others: the thread that posts a command executes it, and drains what became of it.</summary>
internal sealed class InlineLane(LaneTopics topics) : ILaneInbox
{
    private readonly Lock _gate = new();

    public int Count => 1;

    public void Post(LaneCommand command)
    {
        lock (_gate)
        {
            topics.Execute(command);
            command.Complete();
            topics.Flush();
        }
    }

    public void Leave(IEnumerable<Subscription> subscriptions)
    {
        lock (_gate)
        {
            foreach (var subscription in subscriptions)
            {
                subscription.HasLeft = true;
                topics.Leave(subscription);
            }
        }
    }
}
