using System.Globalization;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Node.Topics;
using Broker.Rooms;

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
    ConnectionLog Log,
    TimeProvider Time)
{
    /// <summary>What the application has said about users.</summary>
    public RightsTable Rights { get; init; } = new();

    /// <summary>The application's.</summary>
    public HookCalls Hooks { get; init; } = HookCalls.None;

    /// <summary>Of the rooms that nodes run; none: there are no rooms.</summary>
    public RoomKinds Kinds { get; init; } = new();

    /// <summary>Null: nobody finds rooms for clients.</summary>
    public IRoomLobby? Lobby { get; init; }
}

/// <summary>What clients are told of the node.</summary>
/// <param name="Id">Unique in the cluster, of this life of the node.</param>
/// <param name="Name">By setting.</param>
internal sealed record NodeIdentity(string Id, string Name)
{
    /// <summary>What a connection of this node is called; unique in the cluster. Made when it is needed, which is seldom.</summary>
    public string NameOf(IClientTransport connection) => string.Create(CultureInfo.InvariantCulture, $"{Id}-{connection.Id:x}");
}
