namespace Broker.Node;

/// <summary>Why a subscription of the server's own has ended; nothing of it comes any more.</summary>
public sealed class BrokerSubscriptionException : Exception
{
    internal BrokerSubscriptionException(SubscriptionEnd reason, string? code, string message)
        : base(message) => (Reason, Code) = (reason, code);

    public SubscriptionEnd Reason { get; }

    /// <summary>Of <see cref="SubscriptionEnd.Refused"/>: the code that a client would get, as <c>unsupported</c>; else null.</summary>
    public string? Code { get; }
}

/// <summary>What ended a subscription.</summary>
public enum SubscriptionEnd
{
    /// <summary>It was not opened; the exception has the code.</summary>
    Refused,

    /// <summary>The reader did not take what came.</summary>
    TooSlow,

    /// <summary>The node stops.</summary>
    Stopped,

    /// <summary>The node has lost what it knew of it, or touch with the others: subscribe anew, and recover.</summary>
    Lost,
}
