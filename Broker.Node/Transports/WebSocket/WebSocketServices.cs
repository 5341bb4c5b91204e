using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Protocol.Session;

namespace Broker.Node.Transports.WebSocket;

/// <summary>What the WebSocket connections of a node share; thread-safe throughout.</summary>
/// <param name="Limits">What clients may send.</param>
/// <param name="Echo">Answers where the echo endpoint is asked for; null: there is none.</param>
/// <param name="Open">The connections there are.</param>
/// <param name="Metrics">Counts what becomes of connections.</param>
/// <param name="Log">Has a line for what a connection did wrong.</param>
/// <param name="Time">The node's clock.</param>
internal sealed record WebSocketServices(LimitOptions Limits, IEndpoint? Echo, OpenConnections Open, BrokerMetrics Metrics, ConnectionLog Log, TimeProvider Time)
{
    /// <summary>Of messages, once a connection is admitted, for each wire format.</summary>
    public FormatLimits Messages { get; } = new(new WebSocketLimits
    {
        Message = Limits.Message,
        Fragments = Limits.Fragments,
        ControlFrames = Limits.ControlFrames,
    });
}
