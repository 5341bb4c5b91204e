using Broker.Node.Sequenced;

namespace Broker.Node.Lanes;

/// <summary>Completes with the outcome of a publish of the application.</summary>
internal sealed class PublishTaken() : TaskCompletionSource<PublishResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>Called before it completes: there is room for another. By a lane; may not wait for anything.</summary>
    public Action? Released { get; set; }

    /// <summary>Of a sequenced topic, set before it completes: where the publish is, or what stands in its way.</summary>
    public TopicPosition? Position { get; set; }
}
