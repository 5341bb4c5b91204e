namespace Broker.Node;

/// <summary>What an application says to a subscribe or a publish. Immutable.</summary>
public sealed record HookAnswer
{
    private HookAnswer(string? reason) => Reason = reason;

    public static HookAnswer Allow { get; } = new((string?)null);

    /// <summary>Why the request is refused, for the client to read; null: it is allowed.</summary>
    public string? Reason { get; }

    /// <summary>Refuses; counts among the <c>forbidden</c> of <c>broker.limits.forbidden</c>.</summary>
    /// <param name="reason">Told to the client.</param>
    public static HookAnswer Refuse(string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        return new(reason);
    }
}
