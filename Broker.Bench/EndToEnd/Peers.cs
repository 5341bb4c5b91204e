namespace Broker.Bench.EndToEnd;

/// <summary>What can be measured, in the order of the tables' columns.</summary>
internal static class Peers
{
    public static IReadOnlyList<Peer> All { get; } =
        [BrokerPeer.Json(), BrokerPeer.MessagePack(), BrokerPeer.Batch(), BrokerPeer.Stream(), BrokerPeer.Poll(), new NatsPeer(), new NchanPeer(), NodePeer.Ws(), NodePeer.SocketIo(), new SignalRPeer()];

    /// <summary>Names of one peer for each product.</summary>
    public static IReadOnlyList<string> Products { get; } = ["broker", "nats", "nchan", "ws", "socketio", "signalr"];
}
