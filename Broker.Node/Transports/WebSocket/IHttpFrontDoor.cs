using Broker.Node.Listening;

namespace Broker.Node.Transports.WebSocket;

/// <summary>Takes connections whose first request is not a WebSocket upgrade to ASP.NET Core. Thread-safe.</summary>
internal interface IHttpFrontDoor
{
    /// <summary>Hands over the connection with the bytes already received from it; takes ownership of both.</summary>
    void Offer(AcceptedConnection connection, ReadOnlyMemory<byte> received);
}
