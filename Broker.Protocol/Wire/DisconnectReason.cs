namespace Broker.Protocol.Wire;

/// <summary>Why the server closes a connection, as the close frame and <c>disconnecting</c> say it.</summary>
/// <param name="Code">WebSocket close code.</param>
/// <param name="Reason">Close reason; clients compare it, so it never changes. At most 123 bytes (RFC 6455 section 5.5).</param>
/// <param name="Reconnect">Whether the client should come back by itself.</param>
public readonly record struct DisconnectReason(ushort Code, string Reason, bool Reconnect);
