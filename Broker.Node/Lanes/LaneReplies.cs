using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Membership;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>What one lane answers its connections: each answer is written to <see cref="Begin"/>'s buffer, and then queued. Single-threaded: its lane's.</summary>
/// <param name="batch">Drains the writers.</param>
/// <param name="metrics">Counts what is refused.</param>
/// <param name="fence">Whether acknowledgements may leave.</param>
internal sealed class LaneReplies(DrainBatch batch, BrokerMetrics metrics, Fence fence)
{
    /// <summary>Milliseconds after which a client may ask again what is unavailable.</summary>
    public const long RetryAfter = 1000;

    private readonly MessageBuffer _buffer = new();

    /// <summary>Takes the next answer.</summary>
    public MessageBuffer Begin() => _buffer.Clear();

    public void Queue(ConnectionWriter writer)
    {
        writer.Queue(_buffer);
        batch.Add(writer);
    }

    /// <summary>As <see cref="Queue"/>, for what acknowledges something.</summary>
    public void Promise(ConnectionWriter writer)
    {
        writer.Promise(_buffer, fence);
        batch.Add(writer);
    }

    /// <summary>A client that asked is told why; one for which the server asked did not expect anything.</summary>
    public void Refuse(SubscribeCommand command, ErrorCode code)
    {
        var subscription = command.Subscription;
        if (command.Reason is null)
        {
            Error(subscription.Writer, subscription.Form.Format, new ErrorMessage(code, command.Id) { Topic = TopicName.Shown(subscription.Topic) });
        }
    }

    public void Error(ConnectionWriter writer, WireFormat format, ErrorMessage error)
    {
        metrics.RequestRefused(error.Code);
        format.Codec().Write(Begin(), error with { RetryAfter = error.Code == ErrorCode.Unavailable ? RetryAfter : null });
        Queue(writer);
    }
}
