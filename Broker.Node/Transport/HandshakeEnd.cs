namespace Broker.Node.Transport;

/// <summary>Why <see cref="Admission"/> ends a handshake.</summary>
internal enum HandshakeEnd
{
    /// <summary>Not finished within <c>broker.limits.handshake-timeout</c>.</summary>
    TimedOut,

    /// <summary>The oldest of too many; dropped to make room for a newer one.</summary>
    Evicted,
}
