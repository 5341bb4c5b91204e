namespace Broker.Protocol.Wire;

/// <summary>Which keys each request must and may have (PROTOCOL.md, "Client to server"); the same for every format.</summary>
internal static class RequestShape
{
    /// <summary>Judges a message whose keys have been read.</summary>
    /// <param name="type">What its <c>type</c> names.</param>
    /// <param name="present">The keys it has, with good values.</param>
    /// <param name="wrong">The keys it has with values they may not have; those foreign to its type do not count.</param>
    public static ErrorCode Check(ClientMessageType type, RequestKey present, RequestKey wrong)
    {
        if ((present & RequestKey.Type) == 0 || (wrong & RequestKey.Id) != 0)
        {
            return ErrorCode.InvalidMessage;
        }

        if (type == ClientMessageType.Unknown)
        {
            return ErrorCode.UnknownType;
        }

        var required = Required(type);
        if ((present & required) != required || (wrong & (required | Optional(type))) != 0)
        {
            return ErrorCode.InvalidMessage;
        }

        return type == ClientMessageType.RoomJoin && (present & (RequestKey.Room | RequestKey.Kind)) == 0
            ? ErrorCode.InvalidMessage
            : ErrorCode.None;
    }

    private static RequestKey Required(ClientMessageType type) => type switch
    {
        ClientMessageType.Auth => RequestKey.Token,
        ClientMessageType.Subscribe or ClientMessageType.Unsubscribe => RequestKey.Topic,
        ClientMessageType.Publish => RequestKey.Topic | RequestKey.Data,
        ClientMessageType.History or ClientMessageType.Presence => RequestKey.Topic,
        ClientMessageType.Call => RequestKey.Method | RequestKey.Data,
        ClientMessageType.RoomCreate => RequestKey.Kind,
        ClientMessageType.RoomLeave or ClientMessageType.RoomSync => RequestKey.Room,
        ClientMessageType.RoomSend => RequestKey.Room | RequestKey.Data,
        ClientMessageType.RoomInput => RequestKey.Room | RequestKey.Seq | RequestKey.Data,
        ClientMessageType.MatchJoin or ClientMessageType.MatchLeave => RequestKey.Kind,
        _ => RequestKey.None,
    };

    private static RequestKey Optional(ClientMessageType type) => type switch
    {
        ClientMessageType.Subscribe => RequestKey.Recover | RequestKey.Last | RequestKey.Presence | RequestKey.Token,
        ClientMessageType.Publish => RequestKey.Key | RequestKey.Echo | RequestKey.Entry | RequestKey.Remove | RequestKey.If,
        ClientMessageType.History => RequestKey.Since | RequestKey.Limit | RequestKey.Reverse,
        ClientMessageType.Presence => RequestKey.Limit | RequestKey.After,
        ClientMessageType.Call => RequestKey.Room | RequestKey.Key | RequestKey.Timeout,
        ClientMessageType.RoomCreate => RequestKey.Options | RequestKey.Data,
        ClientMessageType.RoomJoin => RequestKey.Room | RequestKey.Kind | RequestKey.Match | RequestKey.Options
            | RequestKey.Code | RequestKey.Token | RequestKey.As | RequestKey.Data,
        ClientMessageType.RoomSend => RequestKey.Seq | RequestKey.Name | RequestKey.To,
        ClientMessageType.RoomList => RequestKey.Kind | RequestKey.Match | RequestKey.Limit | RequestKey.After,
        ClientMessageType.MatchJoin or ClientMessageType.MatchLeave => RequestKey.Match | RequestKey.Skill | RequestKey.Data,
        _ => RequestKey.None,
    };
}
