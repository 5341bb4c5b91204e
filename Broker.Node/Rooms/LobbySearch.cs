using Broker.Protocol.Wire;

namespace Broker.Node.Rooms;

/// <summary>Somebody for whom a seat is looked for.</summary>
/// <param name="ask">What was asked.</param>
/// <param name="deadline">When it is given up.</param>
internal sealed class LobbySearch(LobbyAsk ask, TimeSpan deadline)
{
    private HashSet<string>? _refused;

    public LobbyAsk Ask => ask;

    public TimeSpan Deadline => deadline;

    /// <summary>Where a seat has been asked for, or will be when the room is made.</summary>
    public LobbyRoom? Room { get; set; }

    /// <summary>Of the request to the room; 0: it has not been asked yet.</summary>
    public long Number { get; set; }

    /// <summary>Rooms that were made for it alone or among others.</summary>
    public int Made { get; set; }

    public IReadOnlySet<string> Refused => _refused ?? (IReadOnlySet<string>)System.Collections.Immutable.ImmutableHashSet<string>.Empty;

    /// <summary>Why the last room refused.</summary>
    public ErrorCode LastRefusal { get; private set; } = ErrorCode.RoomNotFound;

    public void Refuse(ErrorCode error)
    {
        (_refused ??= new HashSet<string>(StringComparer.Ordinal)).Add(Room!.Id);
        (Room, Number, LastRefusal) = (null, 0, error);
    }
}
