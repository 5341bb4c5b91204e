namespace Broker.Protocol.Wire;

/// <summary>What a request id is.</summary>
public enum WireIdKind : byte
{
    /// <summary>The request had none: it gets no reply, except an error.</summary>
    Absent,

    /// <summary>0 to 2^53-1.</summary>
    Number,

    /// <summary>At most 64 bytes of UTF-8.</summary>
    Text,
}
