namespace Broker.Node.Diagnostics;

/// <summary>What a client came by.</summary>
internal enum ClientTransport
{
    Websocket,

    /// <summary>A stream of server-sent events.</summary>
    Sse,

    /// <summary>Polls.</summary>
    Poll,
}
