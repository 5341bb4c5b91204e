using System.Diagnostics.CodeAnalysis;
using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

/// <summary>
/// Closes what a connection that has ended was subscribed to on one lane. Nobody is told. The lane takes a part at a time.
/// </summary>
internal sealed class LeaveCommand(Subscription first) : LaneCommand
{
    private readonly List<Subscription> _rest = [first];

    public override uint TopicHash { get; } = first.TopicHash;

    public override ReadOnlySpan<byte> Topic => default;

    /// <summary>Before it is posted.</summary>
    public void Add(Subscription subscription) => _rest.Add(subscription);

    /// <summary>The lane's: takes one that is still to be closed.</summary>
    public bool TryTake([MaybeNullWhen(false)] out Subscription subscription)
    {
        subscription = _rest.Count > 0 ? _rest[^1] : null;
        if (subscription is not null)
        {
            _rest.RemoveAt(_rest.Count - 1);
        }

        return subscription is not null;
    }

    /// <summary>The lane's: all are closed.</summary>
    public bool IsDone => _rest.Count == 0;

    public override void Complete()
    {
    }
}
