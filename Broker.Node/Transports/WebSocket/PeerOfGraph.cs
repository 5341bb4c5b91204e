using Akka.Streams;

namespace Broker.Node.Transports.WebSocket;

/// <summary>Carries a connection to the stages of a blueprint that is built once and materialised for every connection.</summary>
internal sealed class PeerOfGraph(IWebSocketPeer peer) : Attributes.IAttribute
{
    public IWebSocketPeer Peer { get; } = peer;
}
