namespace Broker.Protocol.Wire;

/// <summary>Wire names of message types and keys, unescaped, to their values.</summary>
internal static class RequestNames
{
    public static ClientMessageType Type(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("publish"u8) => ClientMessageType.Publish,
        _ when name.SequenceEqual("subscribe"u8) => ClientMessageType.Subscribe,
        _ when name.SequenceEqual("unsubscribe"u8) => ClientMessageType.Unsubscribe,
        _ when name.SequenceEqual("ping"u8) => ClientMessageType.Ping,
        _ when name.SequenceEqual("room.send"u8) => ClientMessageType.RoomSend,
        _ when name.SequenceEqual("call"u8) => ClientMessageType.Call,
        _ when name.SequenceEqual("auth"u8) => ClientMessageType.Auth,
        _ when name.SequenceEqual("history"u8) => ClientMessageType.History,
        _ when name.SequenceEqual("presence"u8) => ClientMessageType.Presence,
        _ when name.SequenceEqual("room.create"u8) => ClientMessageType.RoomCreate,
        _ when name.SequenceEqual("room.join"u8) => ClientMessageType.RoomJoin,
        _ when name.SequenceEqual("room.leave"u8) => ClientMessageType.RoomLeave,
        _ when name.SequenceEqual("room.input"u8) => ClientMessageType.RoomInput,
        _ when name.SequenceEqual("room.sync"u8) => ClientMessageType.RoomSync,
        _ when name.SequenceEqual("room.list"u8) => ClientMessageType.RoomList,
        _ when name.SequenceEqual("match.join"u8) => ClientMessageType.MatchJoin,
        _ when name.SequenceEqual("match.leave"u8) => ClientMessageType.MatchLeave,
        _ => ClientMessageType.Unknown,
    };

    /// <returns><see cref="RequestKey.None"/> for a key the protocol does not know, which is ignored.</returns>
    public static RequestKey Key(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when name.SequenceEqual("id"u8) => RequestKey.Id,
        2 when name.SequenceEqual("as"u8) => RequestKey.As,
        2 when name.SequenceEqual("to"u8) => RequestKey.To,
        2 when name.SequenceEqual("if"u8) => RequestKey.If,
        3 when name.SequenceEqual("key"u8) => RequestKey.Key,
        3 when name.SequenceEqual("seq"u8) => RequestKey.Seq,
        4 when name.SequenceEqual("type"u8) => RequestKey.Type,
        4 when name.SequenceEqual("data"u8) => RequestKey.Data,
        4 when name.SequenceEqual("echo"u8) => RequestKey.Echo,
        4 when name.SequenceEqual("last"u8) => RequestKey.Last,
        4 when name.SequenceEqual("room"u8) => RequestKey.Room,
        4 when name.SequenceEqual("kind"u8) => RequestKey.Kind,
        4 when name.SequenceEqual("code"u8) => RequestKey.Code,
        4 when name.SequenceEqual("name"u8) => RequestKey.Name,
        5 when name.SequenceEqual("topic"u8) => RequestKey.Topic,
        5 when name.SequenceEqual("token"u8) => RequestKey.Token,
        5 when name.SequenceEqual("since"u8) => RequestKey.Since,
        5 when name.SequenceEqual("limit"u8) => RequestKey.Limit,
        5 when name.SequenceEqual("match"u8) => RequestKey.Match,
        5 when name.SequenceEqual("after"u8) => RequestKey.After,
        5 when name.SequenceEqual("skill"u8) => RequestKey.Skill,
        5 when name.SequenceEqual("entry"u8) => RequestKey.Entry,
        6 when name.SequenceEqual("method"u8) => RequestKey.Method,
        6 when name.SequenceEqual("remove"u8) => RequestKey.Remove,
        7 when name.SequenceEqual("recover"u8) => RequestKey.Recover,
        7 when name.SequenceEqual("reverse"u8) => RequestKey.Reverse,
        7 when name.SequenceEqual("timeout"u8) => RequestKey.Timeout,
        7 when name.SequenceEqual("options"u8) => RequestKey.Options,
        8 when name.SequenceEqual("presence"u8) => RequestKey.Presence,
        _ => RequestKey.None,
    };

    /// <summary>Whether the value of a key is a position.</summary>
    public static bool IsPosition(RequestKey key) => key is RequestKey.Recover or RequestKey.Since or RequestKey.If;

    /// <summary>As <see cref="Key"/>, in the map that is a position.</summary>
    public static RequestKey PositionKey(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("epoch"u8) => RequestKey.Epoch,
        _ when name.SequenceEqual("offset"u8) => RequestKey.Offset,
        _ => RequestKey.None,
    };
}
