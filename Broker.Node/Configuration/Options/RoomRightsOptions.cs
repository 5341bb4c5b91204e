namespace Broker.Node.Configuration.Options;

/// <summary>Kind patterns a user may create or join.</summary>
public sealed record RoomRightsOptions
{
    public IReadOnlyList<string> Create { get; init; } = [];
    public IReadOnlyList<string> Join { get; init; } = [];
}
