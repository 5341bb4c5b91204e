using Broker.Node.Diagnostics;

namespace Broker.Node.Transports.WebSocket;

/// <summary>What the WebSocket connections of a node share; thread-safe throughout.</summary>
/// <param name="Limits">Of messages, once a connection is admitted.</param>
/// <param name="UnauthenticatedMessage">Bytes of a message before that.</param>
/// <param name="Inbound">Bytes on their way, either way, with which a connection is not read any more.</param>
/// <param name="Echo">Answers where the echo endpoint is asked for; null: there is none.</param>
/// <param name="Open">All connections.</param>
/// <param name="Metrics">The node's.</param>
/// <param name="Log">Of connections.</param>
/// <param name="Time">The node's clock.</param>
internal sealed record WebSocketServices(
    FormatLimits Limits,
    int UnauthenticatedMessage,
    int Inbound,
    IEndpoint? Echo,
    OpenConnections Open,
    BrokerMetrics Metrics,
    ConnectionLog Log,
    TimeProvider Time);
