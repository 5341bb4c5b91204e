namespace Broker.Protocol.Wire;

/// <summary>Says what follows: the server closes. <c>After</c> is how many milliseconds to wait before coming back.</summary>
public readonly record struct DisconnectingMessage(DisconnectReason Reason, long After);
