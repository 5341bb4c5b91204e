using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

internal sealed class QuietDirectory : IRoomDirectory
{
    public void Show(string kind, string room, RoomListing listing)
    {
    }

    public void Hide(string kind, string room, bool hasEnded)
    {
    }
}
