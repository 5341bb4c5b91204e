using Akka.Streams;

namespace Broker.Node.Transports.WebSocket;

internal static class ConnectionOfGraph
{
    /// <summary>Attributes that carry a connection to the stages of the shared blueprint.</summary>
    public static Attributes For(ClientConnection connection) => new(new PeerOfGraph(connection));

    /// <summary>The connection this graph was materialised for.</summary>
    public static ClientConnection Connection(this Attributes attributes) =>
        (ClientConnection)attributes.GetAttribute<PeerOfGraph>()!.Peer;
}
