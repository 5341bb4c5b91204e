using Akka.Actor;
using Akka.Cluster.Sharding;
using Broker.Node.Ownership;

namespace Broker.Node.Rooms;

/// <summary>The shard region of the lobbies.</summary>
internal static class LobbyRegion
{
    /// <summary>The same on every node.</summary>
    public const string Name = "lobbies";

    /// <summary>Shards over which kinds are spread. The same on every node, for ever.</summary>
    private const int Shards = 64;

    /// <param name="system">Where it runs.</param>
    /// <param name="settings">Of the broker's regions.</param>
    /// <param name="path">Of a node's <see cref="RoomLobbiesActor"/>, below the root.</param>
    /// <param name="context">Of its lobbies.</param>
    /// <param name="show">Told the region.</param>
    public static NodeRegion On(ActorSystem system, ClusterShardingSettings settings, IEnumerable<string> path, LobbyContext context, Action<IActorRef?> show)
    {
        string[] elements = [.. path];
        return new NodeRegion(
            () => ClusterSharding.Get(system).StartAsync(
                Name,
                kind => Props.Create(() => new LobbyActor(kind, elements, context)),
                settings,
                new NameExtractor(Shards, static message => message is LobbyMessage lobby ? lobby.Kind : null)),
            show);
    }
}
