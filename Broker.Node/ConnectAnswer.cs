using System.Text.Json;
using Broker.Node.Configuration.Options;

namespace Broker.Node;

/// <summary>What an application says to a connection. Immutable; <c>ConnectAnswer.Accept with { Rights = … }</c> changes what the connection may do.</summary>
public sealed record ConnectAnswer
{
    private ConnectAnswer(string? reason) => Reason = reason;

    public static ConnectAnswer Accept { get; } = new((string?)null);

    /// <summary>Why the connection is refused, for the client to read; null: it is accepted.</summary>
    public string? Reason { get; }

    /// <summary>In place of what its token or the configuration allows; null: that stays.</summary>
    public RightsOptions? Rights { get; init; }

    /// <summary>In place of its token's info, told to others on topics with <c>sender = on</c>; at most 1 KiB of JSON; null: that stays.</summary>
    public JsonElement? Info { get; init; }

    /// <summary>Topics that the connection is subscribed to from the start, whatever its rights; at most <c>broker.limits.subscriptions</c> of them.</summary>
    public IReadOnlyList<string> Subscribe { get; init; } = [];

    /// <param name="reason">Told to the client.</param>
    public static ConnectAnswer Refuse(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new(reason);
    }
}
