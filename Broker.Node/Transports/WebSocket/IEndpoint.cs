using Broker.Protocol.Session;

namespace Broker.Node.Transports.WebSocket;

/// <summary>An endpoint over these stages that answers messages by itself, without an actor behind them. Thread-safe.</summary>
internal interface IEndpoint
{
    /// <summary>Of its connections.</summary>
    WebSocketLimits Limits { get; }

    /// <summary>Answers for one connection; asked for with its first message.</summary>
    IReply Open(ClientConnection connection);
}
