namespace Broker.Protocol.Deflate;

/// <summary>How far inflating came.</summary>
public enum InflateStatus : byte
{
    /// <summary>All of the input has been taken.</summary>
    Done,

    /// <summary>What was inflated fills the limit, and there is more.</summary>
    TooBig,

    /// <summary>No deflate stream looks so, or it ends too early. What came before the fault has been inflated.</summary>
    Invalid,
}
