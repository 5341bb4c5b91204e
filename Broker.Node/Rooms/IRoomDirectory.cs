using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>The rooms that run on this node, for the lobbies of their kinds. Thread-safe; must not wait for anything.</summary>
internal interface IRoomDirectory
{
    /// <summary>A room runs here, or what is shown of it has changed.</summary>
    void Show(string kind, string room, RoomListing listing);

    /// <summary>The room does not run here any more.</summary>
    /// <param name="hasEnded">For good; else it runs elsewhere, or sleeps.</param>
    void Hide(string kind, string room, bool hasEnded);
}
