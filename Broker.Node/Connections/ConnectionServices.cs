using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Topics;

namespace Broker.Node.Connections;

/// <summary>What all connections of a node share; thread-safe throughout.</summary>
internal sealed record ConnectionServices(
    BrokerOptions Options,
    NodeIdentity Node,
    TokenGate Tokens,
    TopicRules Topics,
    Quotas Quotas,
    ILaneInbox Lanes,
    BrokerMetrics Metrics,
    TimeProvider Time);

/// <summary>What clients are told of the node.</summary>
/// <param name="Id">Unique in the cluster, of this life of the node.</param>
/// <param name="Name">By setting.</param>
internal sealed record NodeIdentity(string Id, string Name);
