using Broker.Node.Rooms.Kinds;
using Broker.Rooms;

namespace Broker.Node.Hosting;

/// <summary>The kinds of rooms that a node can run.</summary>
internal static class RoomsSetup
{
    public static RoomKinds Kinds() => new RoomKinds().Add<RelayRoom>("relay").Add<TicTacToeRoom>("tictactoe", TicTacToeRoom.Configure);
}
