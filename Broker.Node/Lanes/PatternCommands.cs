using System.Buffers;
using Akka.Actor;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>
/// What a connection asks of a pattern: every lane does its part, and the last of them answers. Each lane takes the requests of a
/// connection in their order, so the answers about a pattern have that order too.
/// </summary>
/// <param name="writer">The connection's.</param>
/// <param name="lanes">How many have a part.</param>
/// <param name="isSequenced">The pattern may match topics with one order for all.</param>
/// <param name="batch">Of the request, released by every lane; null where the server asks.</param>
internal abstract class PatternRequest(ConnectionWriter writer, int lanes, bool isSequenced, MessageBatch? batch)
{
    private int _left = lanes;

    public ConnectionWriter Writer => writer;

    /// <summary>A lane has done its part. True: all have, the caller answers.</summary>
    public bool IsLast() => Interlocked.Decrement(ref _left) == 0;

    /// <summary>Posts every lane its part.</summary>
    public void Post(ILaneInbox inbox)
    {
        for (var lane = 0; lane < inbox.Count; lane++)
        {
            batch?.Retain();
            inbox.Post(new PatternCommand(this, lane) { IsSequenced = isSequenced });
        }
    }

    public void Complete() => batch?.Release();

    /// <summary>Opens all cursors; those that are open stay so.</summary>
    /// <param name="subscription">The connection's.</param>
    /// <param name="id">Of the request.</param>
    /// <param name="connection">Told <see cref="SubscriptionRefused"/> when a lane did not open its cursor.</param>
    /// <param name="batch">Of the request; null where the server asks.</param>
    internal sealed class Subscribe(PatternSubscription subscription, WireId id, IActorRef connection, MessageBatch? batch)
        : PatternRequest(subscription.Writer, subscription.Cursors.Count, subscription.Cursors[0].IsSequenced, batch)
    {
        private int _error;

        public PatternSubscription Subscription => subscription;

        public WireId Id => id;

        /// <summary>Why the first lane that did refused.</summary>
        public ErrorCode Error => (ErrorCode)Volatile.Read(ref _error);

        public void Fail(ErrorCode error) => Interlocked.CompareExchange(ref _error, (int)error, (int)ErrorCode.None);

        /// <summary>Tells the connection that the subscription is none.</summary>
        public void Refuse() => connection.Tell(new SubscriptionRefused(subscription.Cursors[0]), ActorRefs.NoSender);
    }

    /// <summary>Closes all cursors.</summary>
    /// <param name="subscription">The connection's.</param>
    /// <param name="id">Of the request; none where nobody asked.</param>
    /// <param name="batch">Of the request; null where nobody asked.</param>
    /// <param name="reason">Why the server ended it; null when the client asked.</param>
    internal sealed class Unsubscribe(PatternSubscription subscription, WireId id, MessageBatch? batch, string? reason)
        : PatternRequest(subscription.Writer, subscription.Cursors.Count, subscription.Cursors[0].IsSequenced, batch)
    {
        public PatternSubscription Subscription => subscription;

        public UnsubscribedMessage Reply => new(id, subscription.Pattern) { Reason = reason };
    }

    /// <summary>An answer that the session has ready: as <see cref="ReplyCommand"/> for a topic.</summary>
    /// <param name="writer">The connection's.</param>
    /// <param name="message">The answer, encoded.</param>
    /// <param name="lanes">Of the node.</param>
    /// <param name="isSequenced">The pattern may match topics with one order for all.</param>
    /// <param name="batch">Of the request.</param>
    internal sealed class Answer(ConnectionWriter writer, byte[] message, int lanes, bool isSequenced, MessageBatch batch) : PatternRequest(writer, lanes, isSequenced, batch)
    {
        public void WriteTo(IBufferWriter<byte> output) => output.Write(message);
    }
}

/// <summary>One lane's part of a request about a pattern.</summary>
internal sealed class PatternCommand(PatternRequest request, int lane) : LaneCommand
{
    public override uint TopicHash => (uint)lane;

    public override ReadOnlySpan<byte> Topic => default;

    public PatternRequest Request => request;

    public int Lane => lane;

    public override void Complete() => request.Complete();
}
