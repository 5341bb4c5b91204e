namespace Broker.Node.Diagnostics;

/// <summary>Why a token is refused, wherever it came.</summary>
internal enum TokenRefusal
{
    Invalid,

    Expired,

    /// <summary>Not looked at: its address has guessed too often.</summary>
    Throttled,
}
