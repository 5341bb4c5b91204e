namespace Broker.Node;

/// <summary>What a node can say of itself.</summary>
/// <param name="Name">As clients see it in <c>welcome.node</c>.</param>
/// <param name="IsReady">Whether it serves clients.</param>
/// <param name="Connections">Clients that are connected, by WebSocket or without one.</param>
/// <param name="Members">Nodes of the cluster that are Up, this one included.</param>
public sealed record NodeState(string Name, bool IsReady, int Connections, int Members);
