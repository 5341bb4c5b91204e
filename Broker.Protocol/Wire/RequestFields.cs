namespace Broker.Protocol.Wire;

/// <summary>
/// Which kind of value each key of a request takes, and where it goes; the same for every format. A setter returns false
/// for a value of the right kind that the key may not have.
/// </summary>
internal static class RequestFields
{
    public static RequestValue Kind(RequestKey key) => key switch
    {
        RequestKey.Data => RequestValue.Any,
        RequestKey.Id => RequestValue.Id,
        RequestKey.Echo or RequestKey.Presence or RequestKey.Reverse => RequestValue.Flag,
        RequestKey.Last or RequestKey.Limit or RequestKey.Timeout or RequestKey.Seq => RequestValue.Integer,
        RequestKey.Recover or RequestKey.Since => RequestValue.Position,
        RequestKey.Options or RequestKey.Match => RequestValue.Map,
        RequestKey.Skill => RequestValue.Finite,
        _ => RequestValue.Text,
    };

    public static long Largest(RequestKey key) =>
        key is RequestKey.Last or RequestKey.Limit ? WireLimits.Messages : WireLimits.MaxInteger;

    public static bool SetFlag(ref ClientMessage message, RequestKey key, bool value)
    {
        switch (key)
        {
            case RequestKey.Echo:
                message.Echo = value;
                break;
            case RequestKey.Presence:
                message.Presence = value;
                break;
            default:
                message.Reverse = value;
                break;
        }

        return true;
    }

    /// <param name="value">Within the key's bounds.</param>
    public static bool SetInteger(ref ClientMessage message, RequestKey key, long value)
    {
        switch (key)
        {
            case RequestKey.Last:
                message.Last = (int)value;
                break;
            case RequestKey.Limit:
                message.Limit = (int)value;
                break;
            case RequestKey.Timeout:
                message.Timeout = value;
                break;
            default:
                message.Seq = value;
                break;
        }

        return true;
    }

    public static bool SetPosition(ref ClientMessage message, RequestKey key, WirePosition value)
    {
        if (key == RequestKey.Recover)
        {
            message.Recover = value;
        }
        else
        {
            message.Since = value;
        }

        return true;
    }

    /// <param name="encoded">In the codec's format.</param>
    public static bool SetMap(ref ClientMessage message, RequestKey key, ReadOnlyMemory<byte> encoded)
    {
        if (key == RequestKey.Options)
        {
            message.Options = encoded;
        }
        else
        {
            message.Match = encoded;
        }

        return true;
    }

    /// <param name="text">Unescaped UTF-8.</param>
    public static bool SetText(ref ClientMessage message, RequestKey key, ReadOnlyMemory<byte> text)
    {
        switch (key)
        {
            case RequestKey.Type:
                message.Type = RequestNames.Type(text.Span);
                break;
            case RequestKey.Topic:
                message.Topic = text;
                break;
            case RequestKey.Key:
                message.Key = text;
                return text.Length is >= 1 and <= WireLimits.KeyBytes;
            case RequestKey.As:
                message.Spectator = text.Span.SequenceEqual("spectator"u8);
                return message.Spectator || text.Span.SequenceEqual("player"u8);
            case RequestKey.Token:
                message.Token = text;
                break;
            case RequestKey.Method:
                message.Method = text;
                break;
            case RequestKey.Kind:
                message.Kind = text;
                break;
            case RequestKey.Room:
                message.Room = text;
                break;
            case RequestKey.Code:
                message.Code = text;
                break;
            case RequestKey.Name:
                message.Name = text;
                break;
            case RequestKey.To:
                message.To = text;
                break;
            case RequestKey.After:
                message.After = text;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(key), key, "Not a key with a text.");
        }

        return true;
    }
}
