namespace Broker.Protocol.Wire.MessagePack;

/// <summary>Reads one frame of requests in one pass.</summary>
/// <param name="frame">Any bytes.</param>
/// <param name="keys">Without anything in it.</param>
internal ref struct MessagePackRequestReader(ReadOnlyMemory<byte> frame, KeyTracker keys)
{
    private MessagePackValueReader _reader = new(frame, keys);

    /// <returns>As <see cref="IWireCodec.Decode"/>; what is in <paramref name="into"/> counts only for None.</returns>
    public ErrorCode Read(ClientMessageList into)
    {
        _reader.Next();
        var error = _reader.Kind switch
        {
            MessagePackKind.Map => ReadSingle(into),
            MessagePackKind.Array => ReadBatch(into),
            _ => ErrorCode.InvalidMessage,
        };
        return _reader.Refused || !_reader.AtEnd ? ErrorCode.InvalidMessage : error;
    }

    private ErrorCode ReadSingle(ClientMessageList into)
    {
        ReadMessage(ref into.Add());
        return ErrorCode.None;
    }

    private ErrorCode ReadBatch(ClientMessageList into)
    {
        var count = _reader.Count;
        if (count is 0 or > WireLimits.Batch || !_reader.OpenArray())
        {
            return ErrorCode.InvalidMessage;
        }

        for (; count > 0 && _reader.Next(); count--)
        {
            if (_reader.Kind == MessagePackKind.Map)
            {
                ReadMessage(ref into.Add());
            }
            else
            {
                _reader.Skip();
                into.Add().Error = ErrorCode.InvalidMessage;
            }
        }

        _reader.CloseArray();
        return ErrorCode.None;
    }

    private void ReadMessage(ref ClientMessage message)
    {
        var present = RequestKey.None;
        var wrong = RequestKey.None;
        var left = _reader.Count;
        if (!_reader.OpenMap())
        {
            return;
        }

        for (; left > 0 && _reader.ReadName(out var name) && _reader.Next(); left--)
        {
            var key = RequestNames.Key(name);
            if (key == RequestKey.None)
            {
                _reader.Skip();
            }
            else if (ReadMember(key, ref message))
            {
                present |= key;
            }
            else
            {
                wrong |= key;
            }
        }

        _reader.CloseMap();
        message.Error = RequestShape.Check(message.Type, present, wrong);
    }

    /// <returns>False if the value is not one that the key may have. It has been read in any case.</returns>
    private bool ReadMember(RequestKey key, ref ClientMessage message)
    {
        switch (RequestFields.Kind(key))
        {
            case RequestValue.Any:
                message.Data = _reader.ReadRaw();
                return true;
            case RequestValue.Flag:
                return _reader.ReadFlag(out var flag) && RequestFields.SetFlag(ref message, key, flag);
            case RequestValue.Integer:
                return _reader.ReadInteger(RequestFields.Largest(key)) is { } number && RequestFields.SetInteger(ref message, key, number);
            case RequestValue.Finite:
                message.Skill = _reader.ReadFinite();
                return message.Skill is not null;
            case RequestValue.Map:
                return _reader.ReadMap(out var map) && RequestFields.SetMap(ref message, key, map);
            case RequestValue.Position:
                return ReadPosition() is { } position && RequestFields.SetPosition(ref message, key, position);
            case RequestValue.Id:
                var identified = ReadId(out var id);
                message.Id = id;
                return identified;
            default:
                return _reader.ReadText(out var text) && RequestFields.SetText(ref message, key, text);
        }
    }

    private bool ReadId(out WireId id)
    {
        if (_reader.Kind == MessagePackKind.Integer)
        {
            id = default;
            return _reader.ReadInteger(WireLimits.MaxInteger) is { } number && WireId.TryCreate(number, out id);
        }

        if (_reader.ReadText(out var text))
        {
            return WireId.TryCreate(text, out id);
        }

        id = default;
        return false;
    }

    private WirePosition? ReadPosition()
    {
        if (_reader.Kind != MessagePackKind.Map)
        {
            _reader.Skip();
            return null;
        }

        ReadOnlyMemory<byte> epoch = default;
        var hasEpoch = false;
        long? offset = null;
        var left = _reader.Count;
        if (!_reader.OpenMap())
        {
            return null;
        }

        for (; left > 0 && _reader.ReadName(out var name) && _reader.Next(); left--)
        {
            if (name.SequenceEqual("epoch"u8))
            {
                hasEpoch = _reader.ReadText(out epoch);
            }
            else if (name.SequenceEqual("offset"u8))
            {
                offset = _reader.ReadInteger(WireLimits.MaxInteger);
            }
            else
            {
                _reader.Skip();
            }
        }

        _reader.CloseMap();
        return hasEpoch && offset is { } value ? new WirePosition(epoch, value) : null;
    }
}
