using System.Text.Json;

namespace Broker.Protocol.Wire.Json;

/// <summary>Reads one frame of requests in one pass.</summary>
internal ref struct JsonRequestReader
{
    private JsonValueReader _json;

    /// <param name="frame">Valid UTF-8.</param>
    /// <param name="keys">Without anything in it.</param>
    public JsonRequestReader(ReadOnlyMemory<byte> frame, KeyTracker keys) => _json = new JsonValueReader(frame, keys);

    /// <returns>As <see cref="IWireCodec.Decode"/>; what is in <paramref name="into"/> counts only for None.</returns>
    public ErrorCode Read(ClientMessageList into)
    {
        _json.Next();
        var error = _json.TokenType switch
        {
            JsonTokenType.StartObject => ReadSingle(into),
            JsonTokenType.StartArray => ReadBatch(into),
            _ => ReadScalar(),
        };

        // Anything but white space after the value makes this call throw.
        _json.Next();
        return _json.Refused ? ErrorCode.InvalidJson : error;
    }

    private ErrorCode ReadSingle(ClientMessageList into)
    {
        ReadMessage(ref into.Add());
        return ErrorCode.None;
    }

    private ErrorCode ReadBatch(ClientMessageList into)
    {
        var count = 0;
        while (_json.Next() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (++count > WireLimits.Batch)
            {
                _json.Skip();
            }
            else if (_json.TokenType == JsonTokenType.StartObject)
            {
                ReadMessage(ref into.Add());
            }
            else
            {
                _json.Skip();
                into.Add().Error = ErrorCode.InvalidMessage;
            }
        }

        return count is 0 or > WireLimits.Batch ? ErrorCode.InvalidMessage : ErrorCode.None;
    }

    private ErrorCode ReadScalar()
    {
        _json.Skip();
        return ErrorCode.InvalidMessage;
    }

    private void ReadMessage(ref ClientMessage message)
    {
        var present = RequestKey.None;
        var wrong = RequestKey.None;
        _json.OpenMap();
        while (_json.Next() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var key = RequestNames.Key(_json.ReadName());
            if (!_json.Next())
            {
                break;
            }

            if (key == RequestKey.None)
            {
                _json.Skip();
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

        _json.CloseMap();
        message.Error = RequestShape.Check(message.Type, present, wrong);
    }

    /// <returns>False if the value is not one that the key may have. It has been read in any case.</returns>
    private bool ReadMember(RequestKey key, ref ClientMessage message)
    {
        switch (RequestFields.Kind(key))
        {
            case RequestValue.Any:
                message.Data = _json.ReadRaw();
                return true;
            case RequestValue.Flag:
                return _json.ReadFlag(out var flag) && RequestFields.SetFlag(ref message, key, flag);
            case RequestValue.Integer:
                return _json.ReadInteger(RequestFields.Largest(key)) is { } number && RequestFields.SetInteger(ref message, key, number);
            case RequestValue.Finite:
                message.Skill = _json.ReadFinite();
                return message.Skill is not null;
            case RequestValue.Map:
                return _json.ReadMap(out var map) && RequestFields.SetMap(ref message, key, map);
            case RequestValue.Position:
                return ReadPosition() is { } position && RequestFields.SetPosition(ref message, key, position);
            case RequestValue.Id:
                var identified = ReadId(out var id);
                message.Id = id;
                return identified;
            default:
                return _json.ReadText(out var text) && RequestFields.SetText(ref message, key, text);
        }
    }

    private bool ReadId(out WireId id)
    {
        if (_json.TokenType == JsonTokenType.Number)
        {
            id = default;
            return _json.ReadInteger(WireLimits.MaxInteger) is { } number && WireId.TryCreate(number, out id);
        }

        if (_json.ReadText(out var text))
        {
            return WireId.TryCreate(text, out id);
        }

        id = default;
        return false;
    }

    private WirePosition? ReadPosition()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _json.Skip();
            return null;
        }

        ReadOnlyMemory<byte> epoch = default;
        var hasEpoch = false;
        long? offset = null;
        _json.OpenMap();
        while (_json.Next() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var name = _json.ReadName();
            var isEpoch = name.SequenceEqual("epoch"u8);
            var isOffset = name.SequenceEqual("offset"u8);
            if (!_json.Next())
            {
                break;
            }

            if (isEpoch)
            {
                hasEpoch = _json.ReadText(out epoch);
            }
            else if (isOffset)
            {
                offset = _json.ReadInteger(WireLimits.MaxInteger);
            }
            else
            {
                _json.Skip();
            }
        }

        _json.CloseMap();
        return hasEpoch && offset is { } value ? new WirePosition(epoch, value) : null;
    }
}
