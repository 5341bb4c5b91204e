namespace Broker.Node.Connections;

/// <summary>What a heartbeat asks for.</summary>
internal enum HeartbeatAction
{
    None,
    Ping,

    /// <summary>The peer has been silent for too long.</summary>
    Cut,

    /// <summary>The ping is stuck behind what the peer has not taken, and it takes nothing any more.</summary>
    Slow,
}
