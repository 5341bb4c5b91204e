using Broker.Node.Delivery;

namespace Broker.Node.Transports.WebSocket;

/// <summary>What an <see cref="IEndpoint"/> does for one connection, on its sink's thread.</summary>
internal interface IReply : IDisposable
{
    /// <summary>Answers a batch of one message, and releases it.</summary>
    void Send(MessageBatch batch);
}
