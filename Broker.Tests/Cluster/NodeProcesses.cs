namespace Broker.Tests.Cluster;

/// <summary>
/// Specs over clusters of processes run one after the other and beside nothing else: what they measure is time, and a
/// node that other work keeps from its heartbeats is a dead one.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NodeProcesses
{
    public const string Name = "Node processes";
}
