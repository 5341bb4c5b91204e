namespace Broker.Protocol.Handshake;

/// <summary>What a client made of the server's answer.</summary>
/// <param name="Accepted">Whether the connection is open.</param>
/// <param name="Reason">Why not; empty when accepted.</param>
/// <param name="Subprotocol">The one the server chose; null for none.</param>
public sealed record ClientHandshakeResult(bool Accepted, string Reason, string? Subprotocol);
