using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Rooms;
using Broker.Node.Rooms.Kinds;
using Broker.Rooms;

namespace Broker.Node.Hosting;

/// <summary>What clients may ask beyond topics, and who is asked about what they do.</summary>
/// <param name="Hooks">The application's.</param>
/// <param name="Kinds">Of rooms that the node can run.</param>
/// <param name="Lobby">Finds rooms.</param>
internal sealed record ClientParts(HookCalls Hooks, RoomKinds Kinds, IRoomLobby Lobby)
{
    /// <summary>The built-in kinds, those that the configuration names, and the application's.</summary>
    public static RoomKinds AllKinds(IReadOnlyList<RoomKindOptions> named, IEnumerable<AddedKinds> added)
    {
        var kinds = new RoomKinds().Add<RelayRoom>("relay").Add<TicTacToeRoom>("tictactoe", TicTacToeRoom.Configure);
        RoomAssemblies.Add(kinds, named);
        foreach (var one in added)
        {
            one.Add(kinds);
        }

        return kinds;
    }
}

/// <summary>Kinds of rooms of the application.</summary>
/// <param name="Add">Adds them.</param>
internal sealed record AddedKinds(Action<RoomKinds> Add);
