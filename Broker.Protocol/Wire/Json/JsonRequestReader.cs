using System.Text.Json;

namespace Broker.Protocol.Wire.Json;

/// <summary>Reads one frame of requests in one pass.</summary>
internal ref struct JsonRequestReader
{
    private JsonValueReader _json;

    /// <param name="frame">Valid UTF-8.</param>
    /// <param name="keys">Without anything in it.</param>
    public JsonRequestReader(ReadOnlyMemory<byte> frame, JsonKeyTracker keys) => _json = new JsonValueReader(frame, keys);

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
        switch (key)
        {
            case RequestKey.Type:
                var named = _json.ReadText(out var type);
                message.Type = RequestNames.Type(type.Span);
                return named;
            case RequestKey.Id:
                var identified = ReadId(out var id);
                message.Id = id;
                return identified;
            case RequestKey.Data:
                message.Data = _json.ReadRaw();
                return true;
            case RequestKey.Echo:
                var told = _json.ReadFlag(out var echo);
                message.Echo = !told || echo;
                return told;
            case RequestKey.Presence:
                var asked = _json.ReadFlag(out var presence);
                message.Presence = presence;
                return asked;
            case RequestKey.Reverse:
                var turned = _json.ReadFlag(out var reverse);
                message.Reverse = reverse;
                return turned;
            case RequestKey.Recover:
                message.Recover = ReadPosition();
                return message.Recover is not null;
            case RequestKey.Since:
                message.Since = ReadPosition();
                return message.Since is not null;
            case RequestKey.Last:
                message.Last = (int?)_json.ReadInteger(WireLimits.Messages);
                return message.Last is not null;
            case RequestKey.Limit:
                message.Limit = (int?)_json.ReadInteger(WireLimits.Messages);
                return message.Limit is not null;
            case RequestKey.Timeout:
                message.Timeout = _json.ReadInteger(WireLimits.MaxInteger);
                return message.Timeout is not null;
            case RequestKey.Seq:
                message.Seq = _json.ReadInteger(WireLimits.MaxInteger);
                return message.Seq is not null;
            case RequestKey.Skill:
                message.Skill = _json.ReadFinite();
                return message.Skill is not null;
            case RequestKey.Options:
                var optioned = _json.ReadMap(out var options);
                message.Options = options;
                return optioned;
            case RequestKey.Match:
                var matched = _json.ReadMap(out var match);
                message.Match = match;
                return matched;
            case RequestKey.As:
                return ReadRole(ref message);
            default:
                return ReadTextMember(key, ref message);
        }
    }

    private bool ReadTextMember(RequestKey key, ref ClientMessage message)
    {
        if (!_json.ReadText(out var text))
        {
            return false;
        }

        switch (key)
        {
            case RequestKey.Topic:
                message.Topic = text;
                break;
            case RequestKey.Key:
                message.Key = text;
                return text.Length is >= 1 and <= WireLimits.KeyBytes;
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

    private bool ReadRole(ref ClientMessage message)
    {
        if (!_json.ReadText(out var role))
        {
            return false;
        }

        message.Spectator = role.Span.SequenceEqual("spectator"u8);
        return message.Spectator || role.Span.SequenceEqual("player"u8);
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
