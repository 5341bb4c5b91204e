namespace Broker.Protocol.Wire;

/// <summary>
/// Takes the values of one map, each by what it is and where its key says, and judges them; the same for every format. A key that
/// may not have what it has is noted as wrong.
/// </summary>
internal struct RequestFields
{
    private RequestKey _present;
    private RequestKey _wrong;
    private RequestKey _idle;
    private ReadOnlyMemory<byte> _epoch;
    private long _offset;

    /// <summary>Of the map, where that is a position.</summary>
    private readonly WirePosition? Position =>
        (_present & (RequestKey.Epoch | RequestKey.Offset)) == (RequestKey.Epoch | RequestKey.Offset) ? new WirePosition(_epoch, _offset) : null;

    /// <param name="encoded">Any value, in the codec's format.</param>
    public void Data(ref ClientMessage message, ReadOnlyMemory<byte> encoded)
    {
        message.Data = encoded;
        _present |= RequestKey.Data;
    }

    /// <param name="utf8">Unescaped.</param>
    public void Text(ref ClientMessage message, RequestKey key, ReadOnlyMemory<byte> utf8) => Note(key, TryText(ref message, key, utf8));

    public void Flag(ref ClientMessage message, RequestKey key, bool value)
    {
        _idle |= !value && key is (RequestKey.Presence or RequestKey.Remove) ? key : RequestKey.None;
        switch (key)
        {
            case RequestKey.Echo:
                message.Echo = value;
                break;
            case RequestKey.Presence:
                message.Presence = value;
                break;
            case RequestKey.Reverse:
                message.Reverse = value;
                break;
            case RequestKey.Remove:
                message.Remove = value;
                break;
            default:
                Other(key);
                return;
        }

        _present |= key;
    }

    public void Integer(ref ClientMessage message, RequestKey key, long value)
    {
        if (key == RequestKey.Skill)
        {
            Finite(ref message, key, value);
        }
        else
        {
            _idle |= value == 0 && key == RequestKey.Last ? key : RequestKey.None;
            Note(key, value is >= 0 and <= WireLimits.MaxInteger && TryInteger(ref message, key, value));
        }
    }

    public void Finite(ref ClientMessage message, RequestKey key, double value)
    {
        if (key == RequestKey.Skill)
        {
            message.Skill = value;
        }

        Note(key, key == RequestKey.Skill);
    }

    /// <param name="encoded">In the codec's format.</param>
    public void Map(ref ClientMessage message, RequestKey key, ReadOnlyMemory<byte> encoded)
    {
        switch (key)
        {
            case RequestKey.Options:
                message.Options = encoded;
                break;
            case RequestKey.Match:
                message.Match = encoded;
                break;
            default:
                Other(key);
                return;
        }

        _present |= key;
    }

    /// <param name="members">What stood in the map that should be a position.</param>
    public void Map(ref ClientMessage message, RequestKey key, in RequestFields members)
    {
        var position = members.Position;
        switch (key)
        {
            case RequestKey.Recover:
                message.Recover = position;
                break;
            case RequestKey.Since:
                message.Since = position;
                break;
            default:
                message.If = position;
                break;
        }

        Note(key, position is not null);
    }

    /// <summary>A null, bytes, an array: no key but <c>data</c> may have that.</summary>
    public void Other(RequestKey key) => _wrong |= key;

    /// <summary>All keys of the message have been read.</summary>
    public readonly void End(ref ClientMessage message)
    {
        message.Asked = (_present | _wrong) & ~_idle;
        // Whoever removes an entry needs no data, and has none.
        var removes = message.Type == ClientMessageType.Publish && message.Remove;
        if (removes)
        {
            message.Data = default;
        }

        message.Error = RequestShape.Check(message.Type, removes ? _present | RequestKey.Data : _present, _wrong);
    }

    private void Note(RequestKey key, bool isGood)
    {
        if (isGood)
        {
            _present |= key;
        }
        else
        {
            _wrong |= key;
        }
    }

    private bool TryText(ref ClientMessage message, RequestKey key, ReadOnlyMemory<byte> utf8)
    {
        switch (key)
        {
            case RequestKey.Type:
                message.Type = RequestNames.Type(utf8.Span);
                return true;
            case RequestKey.Id:
                var valid = WireId.TryCreate(utf8, out var id);
                message.Id = id;
                return valid;
            case RequestKey.Topic:
                message.Topic = utf8;
                return true;
            case RequestKey.Key:
                message.Key = utf8;
                return utf8.Length is >= 1 and <= WireLimits.KeyBytes;
            case RequestKey.Entry:
                message.Entry = utf8;
                return utf8.Length is >= 1 and <= WireLimits.EntryBytes;
            case RequestKey.As:
                message.Spectator = utf8.Span.SequenceEqual("spectator"u8);
                return message.Spectator || utf8.Span.SequenceEqual("player"u8);
            case RequestKey.Token:
                message.Token = utf8;
                return true;
            case RequestKey.Method:
                message.Method = utf8;
                return true;
            case RequestKey.Kind:
                message.Kind = utf8;
                return true;
            case RequestKey.Room:
                message.Room = utf8;
                return true;
            case RequestKey.Code:
                message.Code = utf8;
                return true;
            case RequestKey.Name:
                message.Name = utf8;
                return true;
            case RequestKey.To:
                message.To = utf8;
                return true;
            case RequestKey.After:
                message.After = utf8;
                return true;
            case RequestKey.Epoch:
                _epoch = utf8;
                return true;
            default:
                return false;
        }
    }

    private bool TryInteger(ref ClientMessage message, RequestKey key, long value)
    {
        switch (key)
        {
            case RequestKey.Id:
                var valid = WireId.TryCreate(value, out var id);
                message.Id = id;
                return valid;
            case RequestKey.Last when value <= WireLimits.Messages:
                message.Last = (int)value;
                return true;
            case RequestKey.Limit when value <= WireLimits.Messages:
                message.Limit = (int)value;
                return true;
            case RequestKey.Timeout:
                message.Timeout = value;
                return true;
            case RequestKey.Seq:
                message.Seq = value;
                return true;
            case RequestKey.Offset:
                _offset = value;
                return true;
            default:
                return false;
        }
    }
}
