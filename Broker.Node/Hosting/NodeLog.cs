using System.Net;

namespace Broker.Node.Hosting;

/// <summary>What the modules of a node say, under one category: an event has one number, whichever module says it.</summary>
internal sealed partial class NodeLog(ILoggerFactory loggers)
{
    /// <summary>That of <c>BrokerNode</c>, which the modules do not know.</summary>
    private const string Category = "Broker.Node.Hosting.BrokerNode";

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    [LoggerMessage(1, LogLevel.Warning, "{Text}")]
    public partial void Warning(string text);

    [LoggerMessage(2, LogLevel.Information, "ops on http://{EndPoint}")]
    public partial void OpsListens(IPEndPoint endPoint);

    [LoggerMessage(3, LogLevel.Information, "cluster on {Host}:{Port}")]
    public partial void ClusterListens(string host, int port);

    [LoggerMessage(4, LogLevel.Information, "listening on {Scheme}://{EndPoint}")]
    public partial void Listens(string scheme, IPEndPoint endPoint);

    [LoggerMessage(5, LogLevel.Information, "node {Name} is ready: {Http}://{EndPoint}/ (clients: {Path}; cluster: {Cluster})")]
    public partial void IsReady(string name, string http, IPEndPoint endPoint, string path, string cluster);

    [LoggerMessage(6, LogLevel.Information, "stopping: closing connections, then leaving the cluster")]
    public partial void Stopping();

    [LoggerMessage(7, LogLevel.Error, "lane {Lane} failed; its connections are closed and come back")]
    public partial void LaneFailed(Exception error, int lane);

    [LoggerMessage(8, LogLevel.Warning, "not every node acknowledged the goodbye in time; they may tell their clients of a gap")]
    public partial void NoGoodbye();

    [LoggerMessage(9, LogLevel.Error, "this node has left or was removed from the cluster; the process ends")]
    public partial void Removed();

    [LoggerMessage(10, LogLevel.Information, "waiting for {Seeds}; a cluster that does not exist yet is founded by the first seed, {First}, alone")]
    public partial void WaitsForSeeds(string seeds, string first);

    [LoggerMessage(12, LogLevel.Warning, "this is a cluster of two: if the node with the lower address dies, the other ends as well. Surviving a crash takes three nodes, or broker.cluster.downing = survivor")]
    public partial void WarnOfPair();

    [LoggerMessage(11, LogLevel.Error, "this node ends: {Reason}")]
    public partial void GivenUp(string reason);

    [LoggerMessage(13, LogLevel.Error, "could not join: no seed of {Seeds} answered as a member; a seed must be spelled as that node's broker.cluster.host and port, and the first seed must run for a cluster to be founded")]
    public partial void NotJoined(string seeds);

    [LoggerMessage(14, LogLevel.Error, "a part of this node failed; the node ends")]
    public partial void PartFailed(Exception error);

    [LoggerMessage(15, LogLevel.Error, "{Part} of this node failed; the node ends")]
    public partial void PartEnded(string part);

    [LoggerMessage(17, LogLevel.Warning, "what the application says about the rights of users is not heard for now, and asked for every second: {Reason}")]
    public partial void RightsNotHeard(string reason);

    [LoggerMessage(16, LogLevel.Error, "a connection of {Remote} could not be started")]
    public partial void NotStarted(Exception error, IPAddress remote);

    [LoggerMessage(18, LogLevel.Error, "lane {Lane} has done nothing for some seconds; the node ends")]
    public partial void LaneStuck(int lane);
}
