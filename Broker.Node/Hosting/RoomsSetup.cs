using Broker.Node.Rooms;
using Broker.Node.Rooms.Kinds;
using Broker.Rooms;

namespace Broker.Node.Hosting;

/// <summary>What clients need to know of rooms.</summary>
/// <param name="Kinds">That the node can run.</param>
/// <param name="Lobby">Finds rooms.</param>
internal sealed record RoomsSetup(RoomKinds Kinds, IRoomLobby Lobby)
{
    /// <summary>The built-in kinds.</summary>
    public static RoomKinds BuiltIn() => new RoomKinds().Add<RelayRoom>("relay").Add<TicTacToeRoom>("tictactoe", TicTacToeRoom.Configure);
}
