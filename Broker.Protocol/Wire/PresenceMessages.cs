namespace Broker.Protocol.Wire;

/// <summary>Reply to <c>presence</c>; as a push without id only counts, of a topic with too many members to name.</summary>
/// <param name="Id">Of the request.</param>
/// <param name="Topic">UTF-8.</param>
/// <param name="List">Its members are left out when null.</param>
public readonly record struct PresenceMessage(WireId Id, ReadOnlyMemory<byte> Topic, PresenceList List)
{
    /// <summary>UTF-8 of the user behind whom the list goes on; left out when empty.</summary>
    public ReadOnlyMemory<byte> After { get; init; }
}

/// <summary>A push that says who came to a topic or left it: <c>join</c> or <c>leave</c>.</summary>
/// <param name="Topic">UTF-8.</param>
/// <param name="Joined">False: they left.</param>
public readonly record struct MembersMessage(ReadOnlyMemory<byte> Topic, bool Joined, IReadOnlyList<PresenceMember> Members);

/// <summary>Who is at a topic.</summary>
/// <param name="Connections">All of them.</param>
/// <param name="Users">Users, and connections of nobody.</param>
/// <param name="Members">The first of them, or null for the counts alone.</param>
public readonly record struct PresenceList(long Connections, long Users, IReadOnlyList<PresenceMember>? Members);

/// <summary>One user at a topic.</summary>
/// <param name="User">UTF-8.</param>
/// <param name="Info">An encoded value in the codec's format; left out when empty.</param>
public readonly record struct PresenceMember(ReadOnlyMemory<byte> User, ReadOnlyMemory<byte> Info = default);
