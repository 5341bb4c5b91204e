namespace Broker.Protocol.Wire;

/// <summary>What kind of value a request's key takes.</summary>
internal enum RequestValue : byte
{
    Text,
    Flag,

    /// <summary>0 to <see cref="RequestFields.Largest"/>.</summary>
    Integer,

    /// <summary>A finite number.</summary>
    Finite,
    Map,

    /// <summary>Any value at all.</summary>
    Any,

    /// <summary>A map of <c>epoch</c> and <c>offset</c>.</summary>
    Position,

    /// <summary>An integer or a text.</summary>
    Id,
}
