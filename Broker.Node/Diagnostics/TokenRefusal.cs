namespace Broker.Node.Diagnostics;

/// <summary>Why a token is refused, wherever it came.</summary>
internal enum TokenRefusal
{
    Invalid,

    Expired,

    /// <summary>Invalid, or too costly to verify, and its address has guessed too often.</summary>
    Throttled,
}
