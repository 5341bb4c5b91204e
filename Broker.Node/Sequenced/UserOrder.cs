namespace Broker.Node.Sequenced;

/// <summary>What is asked of all connections of a user, in the order of what is published to the user; between nodes a byte, and the topic's name.</summary>
/// <param name="Kind">What is asked.</param>
/// <param name="Topic">UTF-8; of <see cref="UserOrderKind.Share"/> a byte, the number of nodes; empty where it is about none.</param>
internal sealed record UserOrder(UserOrderKind Kind, byte[] Topic)
{
    /// <summary>Null: it makes no sense.</summary>
    public static UserOrder? Read(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty || bytes[0] > (byte)UserOrderKind.Share ? null : new UserOrder((UserOrderKind)bytes[0], bytes[1..].ToArray());

    public byte[] ToBytes() => [(byte)Kind, .. Topic];
}

/// <summary>What a <see cref="UserOrder"/> asks.</summary>
internal enum UserOrderKind : byte
{
    /// <summary>The connections are closed.</summary>
    Disconnect,

    /// <summary>They are subscribed to a topic, whatever their rights.</summary>
    Subscribe,

    /// <summary>They are subscribed to a topic or pattern no more.</summary>
    Unsubscribe,

    /// <summary>By the owner: the user has connections on so many nodes, which share its rate.</summary>
    Share,
}
