namespace Broker.Protocol.Wire;

/// <summary>Reply to <c>ping</c>. <c>Time</c> is in milliseconds since the epoch.</summary>
public readonly record struct PongMessage(WireId Id, long Time);
