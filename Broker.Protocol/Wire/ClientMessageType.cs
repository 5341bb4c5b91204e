namespace Broker.Protocol.Wire;

/// <summary>The <c>type</c> of a client's message.</summary>
public enum ClientMessageType : byte
{
    /// <summary>Missing, not a string, or not one of the protocol's.</summary>
    Unknown,
    Auth,
    Subscribe,
    Unsubscribe,
    Publish,
    History,
    Presence,
    Call,
    Ping,
    RoomCreate,
    RoomJoin,
    RoomLeave,
    RoomSend,
    RoomSync,
    RoomList,
    MatchJoin,
    MatchLeave,
    RoomInput,
}
