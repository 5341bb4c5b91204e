using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// What a session's requests about topics of one kind of delivery become. Rights, names and sizes have been checked. Who keeps what
/// points into the batch retains it.
/// </summary>
internal interface ITopicRequests
{
    /// <param name="message">The request.</param>
    /// <param name="topic">Its topic's settings.</param>
    /// <param name="data">What is published, in the connection's format.</param>
    /// <param name="batch">Holds the message.</param>
    void Publish(in ClientMessage message, TopicOptions topic, ReadOnlyMemory<byte> data, MessageBatch batch);

    void Subscribe(in ClientMessage message, TopicOptions topic, Subscription subscription, MessageBatch batch);

    /// <param name="subscription">One of this kind.</param>
    /// <param name="id">Of the request; none where nobody asked.</param>
    /// <param name="batch">Holds the request; null where nobody asked.</param>
    /// <param name="reason">Told to the client where it did not ask.</param>
    void Unsubscribe(Subscription subscription, WireId id, MessageBatch? batch, string? reason = null);
}
