namespace Broker.Node.Configuration.Options;

/// <summary><c>slow</c> of a topic: what happens to a subscriber that lags over the bound.</summary>
public enum SlowPolicy
{
    /// <summary>Close 1013 <c>slow consumer</c>; the client reconnects.</summary>
    Disconnect,

    /// <summary>What waits is skipped: the client gets <c>gap</c> and what comes after.</summary>
    Skip,

    /// <summary>Values that are not the newest are skipped, without <c>gap</c>.</summary>
    Latest,
}
