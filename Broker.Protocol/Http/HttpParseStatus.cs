namespace Broker.Protocol.Http;

/// <summary>What a head parser says about the bytes it was shown.</summary>
public enum HttpParseStatus
{
    /// <summary>No fault so far; call again with the same bytes and more behind them.</summary>
    NeedMore,

    /// <summary>The head is whole.</summary>
    Complete,

    /// <summary>The head cannot become valid whatever follows; the connection is answered and closed.</summary>
    Refused,
}
