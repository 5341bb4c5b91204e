namespace Broker.Node.Listening;

/// <summary>Why <see cref="Admission"/> ends a handshake.</summary>
internal enum HandshakeEnd
{
    /// <summary>Not finished within <c>broker.limits.handshake-timeout</c>.</summary>
    TimedOut,

    /// <summary>The client has sent bytes that this node did not come to read, twice as long as <c>broker.limits.handshake-timeout</c>.</summary>
    Behind,

    /// <summary>The oldest of too many; dropped to make room for a newer one.</summary>
    Evicted,
}
