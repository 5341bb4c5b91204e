using Broker.Node.Lanes;
using Broker.Node.Membership;
using Broker.Rooms;

namespace Broker.Node.Rooms;

/// <summary>What all rooms of a node share; thread-safe throughout.</summary>
/// <param name="Kinds">That the node can run.</param>
/// <param name="Services">Of the application.</param>
/// <param name="Node">Uid of the node.</param>
/// <param name="Runs">The rooms that run here.</param>
/// <param name="Lanes">Carry what rooms say.</param>
/// <param name="Store">Keeps records.</param>
/// <param name="Directory">Shows rooms to lobbies.</param>
/// <param name="Fence">Whether the node may promise anything.</param>
/// <param name="Time">Clock.</param>
internal sealed record RoomServices(
    RoomKinds Kinds, IServiceProvider Services, uint Node, RoomRuns Runs, ILaneInbox Lanes, RoomStore Store, IRoomDirectory Directory, Fence Fence, TimeProvider Time)
{
    /// <summary>Rooms here, beyond which no new one is made.</summary>
    public int Most { get; init; } = int.MaxValue;
}
