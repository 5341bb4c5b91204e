namespace Broker.Node.Delivery;

/// <summary>A frame too large to be copied among a connection's control frames.</summary>
/// <param name="Header">The frame's header.</param>
/// <param name="Payload">At least one byte.</param>
/// <param name="Written">Told, on the thread that wrote, that the transport has taken all of it; never where the connection ended before.</param>
internal sealed record LongFrame(byte[] Header, ArraySegment<byte> Payload, Action Written);
