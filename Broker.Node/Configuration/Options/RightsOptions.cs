namespace Broker.Node.Configuration.Options;

/// <summary>What a user may do: lists of topic patterns (rooms: kind patterns). Deny wins.</summary>
public sealed record RightsOptions
{
    public IReadOnlyList<string> Subscribe { get; init; } = [];
    public IReadOnlyList<string> Publish { get; init; } = [];
    public IReadOnlyList<string> History { get; init; } = [];
    public IReadOnlyList<string> Presence { get; init; } = [];
    public RoomRightsOptions Rooms { get; init; } = new();

    /// <summary>Refused even where another rule allows; itself without a <c>Deny</c>.</summary>
    public RightsOptions? Deny { get; init; }
}

/// <summary>Kind patterns a user may create or join.</summary>
public sealed record RoomRightsOptions
{
    public IReadOnlyList<string> Create { get; init; } = [];
    public IReadOnlyList<string> Join { get; init; } = [];
}
