using Broker.Node.Delivery;
using Broker.Node.Sequenced;

namespace Broker.Node.Lanes;

/// <summary>What a subscriber has missed and gets page by page. Its lane's, but for what the writer's holder asks.</summary>
/// <param name="subscription">Whose.</param>
/// <param name="last">The last that was given.</param>
/// <param name="through">The last offset that is missing.</param>
/// <param name="post">Posts a command to the lane; any thread.</param>
internal sealed class Recovery(Subscription subscription, TopicPosition last, long through, Action<LaneCommand> post)
{
    public Subscription Subscription => subscription;

    public Replay Replay => field ??= new Replay(() => post(new PageCommand(this) { IsSequenced = true }));

    public TopicPosition Last { get; set; } = last;

    public long Through => through;
}

/// <summary>A subscriber has taken a page.</summary>
/// <param name="recovery">Of which it gets the next.</param>
internal sealed class PageCommand(Recovery recovery) : LaneCommand
{
    public override uint TopicHash => recovery.Subscription.TopicHash;

    public override ReadOnlySpan<byte> Topic => recovery.Subscription.Topic;

    public Recovery Recovery => recovery;

    public override void Complete()
    {
    }
}
