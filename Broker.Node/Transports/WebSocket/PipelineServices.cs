using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Protocol.Session;

namespace Broker.Node.Transports.WebSocket;

/// <summary>What the graphs of all connections of a node share; thread-safe throughout.</summary>
/// <param name="Limits">What clients may send.</param>
/// <param name="Echo">Answers on the echo endpoint; null: there is none.</param>
/// <param name="Open">The connections there are.</param>
/// <param name="Metrics">Counts what becomes of connections.</param>
/// <param name="Log">Has a line for what a connection did wrong.</param>
/// <param name="Time">Clock.</param>
internal sealed record PipelineServices(LimitOptions Limits, IEndpoint? Echo, OpenConnections Open, BrokerMetrics Metrics, ConnectionLog Log, TimeProvider Time)
{
    /// <summary><see cref="Limits"/> for each wire format.</summary>
    public FormatLimits FormatLimits { get; } = new(new WebSocketLimits
    {
        Message = Limits.Message,
        Fragments = Limits.Fragments,
        MessageTime = Limits.MessageTime,
        ControlFrames = Limits.ControlFrames,
    });
}
