namespace Broker.Tests.Cluster;

/// <summary>Clusters of one and of three nodes with rooms.</summary>
public sealed class RoomNodes() : InProcessClusters(Config)
{
    private const string Config = "include \"built-in/broker.conf\"\nbroker.limits.rooms = 200\n" + Quick;
}
