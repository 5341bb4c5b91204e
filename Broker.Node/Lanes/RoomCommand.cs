using Akka.Actor;
using Akka.Event;
using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

/// <summary>
/// What a connection asks of a room. The lane of the room's pushes answers it, sooner or later; <c>create</c> and <c>join</c> open the cursor when
/// the room gives a seat. The connection is told <see cref="RoomSeatEnded"/> when it has no seat, or none any more.
/// </summary>
/// <param name="subscription">The connection's cursor of the room's pushes: of the topic <see cref="Topics.TopicName.OfRoomPushes"/>. The same for all that a connection asks of a room.</param>
/// <param name="input">What is asked; the lane gives it its <see cref="RoomInput.Number"/>.</param>
/// <param name="connection">The connection's actor.</param>
internal sealed class RoomCommand(Subscription subscription, RoomInput input, IActorRef connection) : LaneCommand
{
    public override uint TopicHash => subscription.TopicHash;

    public override ReadOnlySpan<byte> Topic => subscription.Topic;

    public Subscription Subscription => subscription;

    public RoomInput Input => input;

    public IActorRef Connection => connection;

    /// <summary>Of the request, so that answers that wait hold reading up.</summary>
    public MessageBatch? Batch { get; init; }

    public override void Complete() => Batch?.Release();
}

/// <summary>The connection has no seat in the room, or none any more; the client has been told.</summary>
internal sealed record RoomSeatEnded(Subscription Subscription) : IDeadLetterSuppression, INoSerializationVerificationNeeded;
