using Broker.Node.Lanes;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>What a <see cref="Lobby"/> wants done. Nothing of it comes back before the call that made it is over.</summary>
internal interface ILobbyOutput
{
    /// <summary>Asks the room of the input, which answers by a <see cref="RoomReply"/>.</summary>
    void Ask(RoomInput input);

    /// <param name="node">Uid of the node.</param>
    /// <param name="message">To it.</param>
    void Tell(uint node, LobbyMessage message);

    /// <summary>What clients may know of a room has changed.</summary>
    /// <param name="room">Id of the room.</param>
    /// <param name="listing">Null: nothing any more.</param>
    void List(string room, RoomListing? listing);
}
