namespace Broker.Node.Configuration.Options;

/// <summary><c>delivery</c> of a topic.</summary>
public enum DeliveryKind
{
    /// <summary>Live only, in the order of each publisher; no offsets, no history.</summary>
    Broadcast,
}
