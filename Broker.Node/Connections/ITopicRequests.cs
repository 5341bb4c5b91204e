using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// What a session's requests about topics of one kind of delivery become. Names, sizes, and the rights to publish and to subscribe have
/// been checked. Who keeps what points into the batch retains it.
/// </summary>
internal interface ITopicRequests
{
    /// <summary>Why a publish asks for what its topic has not.</summary>
    ErrorCode MayPublish(in ClientMessage message, TopicOptions topic);

    /// <summary>Why a subscribe asks for what its topic has not, or the client may not see.</summary>
    ErrorCode MaySubscribe(in ClientMessage message, TopicOptions topic);

    /// <param name="message">The request.</param>
    /// <param name="topic">Its topic's settings.</param>
    /// <param name="data">What is published, in the connection's format.</param>
    /// <param name="batch">Holds the message.</param>
    void Publish(in ClientMessage message, TopicOptions topic, ReadOnlyMemory<byte> data, MessageBatch batch);

    /// <param name="message">The request, whose topic is none of the connection's yet.</param>
    /// <param name="topic">Its topic's settings.</param>
    /// <param name="form">What the connection takes.</param>
    Subscription NewSubscription(in ClientMessage message, TopicOptions topic, PushForm form);

    /// <param name="message">The request.</param>
    /// <param name="topic">Its topic's settings.</param>
    /// <param name="subscription">One of this kind.</param>
    /// <param name="batch">Holds the message; null where the server asks.</param>
    /// <param name="reason">Told to the client where it did not ask.</param>
    void Subscribe(in ClientMessage message, TopicOptions topic, Subscription subscription, MessageBatch? batch, string? reason = null);

    /// <param name="subscription">One of this kind.</param>
    /// <param name="id">Of the request; none where nobody asked.</param>
    /// <param name="batch">Holds the request; null where nobody asked.</param>
    /// <param name="reason">Told to the client where it did not ask.</param>
    void Unsubscribe(Subscription subscription, WireId id, MessageBatch? batch, string? reason = null);

    /// <summary>The history of a topic, or who is there.</summary>
    /// <returns>Why not; of <see cref="ErrorCode.None"/> the lane answers.</returns>
    ErrorCode Ask(in ClientMessage message, TopicOptions topic, MessageBatch batch);
}
