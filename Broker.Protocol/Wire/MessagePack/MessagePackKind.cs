namespace Broker.Protocol.Wire.MessagePack;

/// <summary>What a MessagePack value is, as far as the protocol takes it: there are no extensions.</summary>
internal enum MessagePackKind : byte
{
    /// <summary>Nothing has been read.</summary>
    None,
    Nil,
    Boolean,

    /// <summary>-2^63..2^63-1, whatever its encoding.</summary>
    Integer,

    /// <summary>2^63..2^64-1.</summary>
    Unsigned,

    /// <summary>Finite; 32 or 64 bits.</summary>
    Float,
    Text,
    Bytes,
    Array,
    Map,
}
