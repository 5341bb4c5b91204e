using Akka.Actor;
using Broker.Node.Lanes;

namespace Broker.Node.Rooms;

/// <summary>What a node's lobbies have in common.</summary>
/// <param name="Node">Uid of the node.</param>
/// <param name="MatchWait">How long two or more wait for others before they get a room of their own.</param>
/// <param name="Rooms">The region of rooms; null: it has not started, or has ended.</param>
/// <param name="Lanes">Carry what they list.</param>
/// <param name="Time">Clock of searches.</param>
internal sealed record LobbyContext(uint Node, TimeSpan MatchWait, Func<IActorRef?> Rooms, ILaneInbox Lanes, TimeProvider Time);
