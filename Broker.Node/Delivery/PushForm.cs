using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>How the pushes of a topic lie in a log.</summary>
/// <param name="Format">Of the messages.</param>
/// <param name="Deflated">Compressed without context where that pays (RFC 7692 section 7.2.1).</param>
/// <param name="Presence">With what is told of the topic's members.</param>
internal readonly record struct PushForm(WireFormat Format, bool Deflated, bool Presence = false);
