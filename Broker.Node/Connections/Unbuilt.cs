using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// What the protocol defines and this version, or this node, does not do (PROTOCOL.md, "Not built yet"). Whoever asks for it is told so whatever
/// else the request has: a missing key would send the author of a client to look for a fault where none is.
/// </summary>
internal static class Unbuilt
{
    /// <summary>A subscription to a pattern is live only.</summary>
    private const RequestKey OfPattern = RequestKey.Last | RequestKey.Presence | RequestKey.Recover;

    /// <summary>A room is called without.</summary>
    private const RequestKey OfRoomCall = RequestKey.Key | RequestKey.Timeout;

    /// <summary>False also where the <c>id</c> is none: that is a fault of any message.</summary>
    public static bool IsAskedBy(in ClientMessage message, ConnectionServices services)
    {
        if ((message.Asked & RequestKey.Id) != 0 && !message.Id.IsPresent)
        {
            return false;
        }

        var hasRooms = services.Kinds.All.Count > 0;
        var hasLobby = hasRooms && services.Lobby is not null;
        return message.Type switch
        {
            ClientMessageType.Subscribe => TopicPattern.HasWildcard(message.Topic.Span) && (message.Asked & OfPattern) != 0,
            ClientMessageType.Call => !hasRooms || (message.Asked & RequestKey.Room) == 0 || (message.Asked & OfRoomCall) != 0,
            ClientMessageType.RoomCreate or ClientMessageType.RoomLeave or ClientMessageType.RoomSend or ClientMessageType.RoomSync => !hasRooms,
            ClientMessageType.RoomJoin => !hasRooms || (!hasLobby && (message.Asked & RequestKey.Room) == 0),
            ClientMessageType.RoomList => !hasLobby,
            ClientMessageType.MatchJoin or ClientMessageType.MatchLeave => !hasLobby || (message.Asked & RequestKey.Skill) != 0,
            ClientMessageType.RoomInput => true,
            _ => false,
        };
    }
}
