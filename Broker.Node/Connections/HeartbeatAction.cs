namespace Broker.Node.Connections;

/// <summary>What a heartbeat asks for.</summary>
internal enum HeartbeatAction
{
    None,
    Ping,

    /// <summary>The peer has been silent for too long.</summary>
    Cut,
}
