using Broker.Protocol.Deflate;

namespace Broker.Protocol.Handshake;

/// <summary>What a client made of the server's answer.</summary>
/// <param name="Accepted">Whether the connection is open.</param>
/// <param name="Reason">Why not; empty when accepted.</param>
/// <param name="Subprotocol">The one the server chose; null for none.</param>
/// <param name="Deflate">What was agreed on of permessage-deflate; null: nothing.</param>
public sealed record ClientHandshakeResult(bool Accepted, string Reason, string? Subprotocol, DeflateParameters? Deflate = null);
