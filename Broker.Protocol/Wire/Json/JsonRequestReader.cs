using System.Text.Json;

namespace Broker.Protocol.Wire.Json;

/// <summary>
/// Reads one frame in one pass. Beyond JSON's grammar, for which the reader throws <see cref="JsonException"/>, it
/// refuses keys that repeat in their map and lone surrogates; it then stops reading and says so at the end.
/// </summary>
internal ref struct JsonRequestReader
{
    private readonly ReadOnlyMemory<byte> _frame;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly JsonKeyTracker _keys;
    private Utf8JsonReader _reader;
    private bool _refused;

    /// <param name="frame">Valid UTF-8.</param>
    /// <param name="keys">Without anything in it.</param>
    public JsonRequestReader(ReadOnlyMemory<byte> frame, JsonKeyTracker keys)
    {
        _frame = frame;
        _bytes = frame.Span;
        _keys = keys;
        _reader = new Utf8JsonReader(_bytes, new JsonReaderOptions { MaxDepth = WireLimits.Depth });
        _refused = false;
    }

    /// <returns>As <see cref="IWireCodec.Decode"/>; what is in <paramref name="into"/> counts only for None.</returns>
    public ErrorCode Read(ClientMessageList into)
    {
        Next();
        var error = _reader.TokenType switch
        {
            JsonTokenType.StartObject => ReadSingle(into),
            JsonTokenType.StartArray => ReadBatch(into),
            _ => ReadScalar(),
        };

        // Anything but white space after the value makes this call throw.
        Next();
        return _refused ? ErrorCode.InvalidJson : error;
    }

    private bool Next() => !_refused && _reader.Read();

    private ErrorCode ReadSingle(ClientMessageList into)
    {
        ReadMessage(ref into.Add());
        return ErrorCode.None;
    }

    private ErrorCode ReadBatch(ClientMessageList into)
    {
        var count = 0;
        while (Next() && _reader.TokenType != JsonTokenType.EndArray)
        {
            if (++count > WireLimits.Batch)
            {
                Skip();
            }
            else if (_reader.TokenType == JsonTokenType.StartObject)
            {
                ReadMessage(ref into.Add());
            }
            else
            {
                Skip();
                into.Add().Error = ErrorCode.InvalidMessage;
            }
        }

        return count is 0 or > WireLimits.Batch ? ErrorCode.InvalidMessage : ErrorCode.None;
    }

    private ErrorCode ReadScalar()
    {
        Skip();
        return ErrorCode.InvalidMessage;
    }

    private void ReadMessage(ref ClientMessage message)
    {
        var present = RequestKey.None;
        var wrong = RequestKey.None;
        _keys.Open();
        while (Next() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = RequestNames.Key(ReadName());
            if (!Next())
            {
                break;
            }

            if (key == RequestKey.None)
            {
                Skip();
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

        _keys.Close();
        message.Error = RequestShape.Check(message.Type, present, wrong);
    }

    /// <returns>False if the value is not one that the key may have. It has been read in any case.</returns>
    private bool ReadMember(RequestKey key, ref ClientMessage message)
    {
        switch (key)
        {
            case RequestKey.Type:
                var named = ReadText(out var type);
                message.Type = RequestNames.Type(type.Span);
                return named;
            case RequestKey.Id:
                var identified = ReadId(out var id);
                message.Id = id;
                return identified;
            case RequestKey.Data:
                message.Data = ReadRaw();
                return true;
            case RequestKey.Echo:
                var told = ReadFlag(out var echo);
                message.Echo = !told || echo;
                return told;
            case RequestKey.Presence:
                var asked = ReadFlag(out var presence);
                message.Presence = presence;
                return asked;
            case RequestKey.Reverse:
                var turned = ReadFlag(out var reverse);
                message.Reverse = reverse;
                return turned;
            case RequestKey.Recover:
                message.Recover = ReadPosition();
                return message.Recover is not null;
            case RequestKey.Since:
                message.Since = ReadPosition();
                return message.Since is not null;
            case RequestKey.Last:
                message.Last = (int?)ReadInteger(WireLimits.Messages);
                return message.Last is not null;
            case RequestKey.Limit:
                message.Limit = (int?)ReadInteger(WireLimits.Messages);
                return message.Limit is not null;
            case RequestKey.Timeout:
                message.Timeout = ReadInteger(WireLimits.MaxInteger);
                return message.Timeout is not null;
            case RequestKey.Seq:
                message.Seq = ReadInteger(WireLimits.MaxInteger);
                return message.Seq is not null;
            case RequestKey.Skill:
                message.Skill = ReadFinite();
                return message.Skill is not null;
            case RequestKey.Options:
                var optioned = ReadMap(out var options);
                message.Options = options;
                return optioned;
            case RequestKey.Match:
                var matched = ReadMap(out var match);
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
        if (!ReadText(out var text))
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
        if (_reader.TokenType == JsonTokenType.Number)
        {
            id = default;
            return _reader.TryGetInt64(out var number) && WireId.TryCreate(number, out id);
        }

        if (ReadText(out var text))
        {
            return WireId.TryCreate(text, out id);
        }

        id = default;
        return false;
    }

    private bool ReadRole(ref ClientMessage message)
    {
        if (!ReadText(out var role))
        {
            return false;
        }

        message.Spectator = role.Span.SequenceEqual("spectator"u8);
        return message.Spectator || role.Span.SequenceEqual("player"u8);
    }

    private WirePosition? ReadPosition()
    {
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            Skip();
            return null;
        }

        ReadOnlyMemory<byte> epoch = default;
        var hasEpoch = false;
        long? offset = null;
        _keys.Open();
        while (Next() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = ReadName();
            var isEpoch = name.SequenceEqual("epoch"u8);
            var isOffset = name.SequenceEqual("offset"u8);
            if (!Next())
            {
                break;
            }

            if (isEpoch)
            {
                hasEpoch = ReadText(out epoch);
            }
            else if (isOffset)
            {
                offset = ReadInteger(WireLimits.MaxInteger);
            }
            else
            {
                Skip();
            }
        }

        _keys.Close();
        return hasEpoch && offset is { } value ? new WirePosition(epoch, value) : null;
    }

    private long? ReadInteger(long largest)
    {
        // 1.0 and 1e3 are no integers here: a number keeps one spelling, which other formats can have too.
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out var value) && value >= 0 && value <= largest)
        {
            return value;
        }

        Skip();
        return null;
    }

    private double? ReadFinite()
    {
        // 1e400 reads as infinity.
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetDouble(out var value) && double.IsFinite(value))
        {
            return value;
        }

        Skip();
        return null;
    }

    private bool ReadFlag(out bool value)
    {
        value = _reader.TokenType == JsonTokenType.True;
        if (value || _reader.TokenType == JsonTokenType.False)
        {
            return true;
        }

        Skip();
        return false;
    }

    private bool ReadMap(out ReadOnlyMemory<byte> raw)
    {
        var isMap = _reader.TokenType == JsonTokenType.StartObject;
        raw = ReadRaw();
        return isMap;
    }

    private ReadOnlyMemory<byte> ReadRaw()
    {
        var start = (int)_reader.TokenStartIndex;
        Skip();
        return _frame[start..(int)_reader.BytesConsumed];
    }

    /// <summary>A slice of the frame unless there are escapes in it.</summary>
    private bool ReadText(out ReadOnlyMemory<byte> text)
    {
        text = default;
        var isText = _reader.TokenType == JsonTokenType.String;
        Skip();
        if (!isText || _refused)
        {
            return false;
        }

        if (!_reader.ValueIsEscaped)
        {
            text = _frame.Slice((int)_reader.TokenStartIndex + 1, _reader.ValueSpan.Length);
            return true;
        }

        var unescaped = new byte[_reader.ValueSpan.Length];
        text = unescaped.AsMemory(0, _reader.CopyString(unescaped));
        return true;
    }

    /// <summary>The unescaped name of a member, added to the keys of its map; good until the next call.</summary>
    private ReadOnlySpan<byte> ReadName()
    {
        var raw = _reader.ValueSpan;
        if (!_reader.ValueIsEscaped)
        {
            _refused = !_keys.Add(_bytes, (int)_reader.TokenStartIndex + 1, raw.Length);
            return raw;
        }

        if (JsonText.HasLoneSurrogate(raw))
        {
            _refused = true;
            return default;
        }

        var scratch = _keys.Scratch(raw.Length);
        var length = _reader.CopyString(scratch);
        _refused = !_keys.AddScratch(_bytes, length);
        return scratch[..length];
    }

    /// <summary>Reads the value at hand to its end, whatever is in it.</summary>
    private void Skip()
    {
        var depth = 0;
        do
        {
            switch (_reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    ReadName();
                    break;
                case JsonTokenType.String:
                    _refused = _reader.ValueIsEscaped && JsonText.HasLoneSurrogate(_reader.ValueSpan);
                    break;
                case JsonTokenType.StartObject:
                    _keys.Open();
                    depth++;
                    break;
                case JsonTokenType.EndObject:
                    _keys.Close();
                    depth--;
                    break;
                case JsonTokenType.StartArray:
                    depth++;
                    break;
                case JsonTokenType.EndArray:
                    depth--;
                    break;
                default:
                    break;
            }
        }
        while (depth > 0 && Next());
    }
}
