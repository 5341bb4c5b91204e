using Broker.Node.Listening;

namespace Broker.Node.Transports.WebSocket;

/// <summary>Runs the Akka.Streams graph of a connection; takes ownership of what it is given. Thread-safe.</summary>
internal interface IConnectionPipeline
{
    void Start(AcceptedConnection connection);
}
