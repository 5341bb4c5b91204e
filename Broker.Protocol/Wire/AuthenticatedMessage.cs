namespace Broker.Protocol.Wire;

/// <summary>Reply to <c>auth</c>. <c>Expires</c> is in milliseconds since the epoch, written as null for a token without end.</summary>
public readonly record struct AuthenticatedMessage(WireId Id, string User, long? Expires)
{
    /// <summary>An encoded value in the codec's format; left out when empty.</summary>
    public ReadOnlyMemory<byte> Info { get; init; }
}
