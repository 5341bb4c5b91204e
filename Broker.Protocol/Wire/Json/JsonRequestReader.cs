using System.Text.Json;

namespace Broker.Protocol.Wire.Json;

/// <summary>
/// Reads one frame of requests in one pass. Beyond JSON's grammar, for which the reader of the runtime throws
/// <see cref="JsonException"/>, it refuses keys that repeat in their map, and lone surrogates outside the strings of a publisher's
/// data (what <c>JSON.stringify</c> makes of half an emoji): then it reads no further.
/// </summary>
internal ref struct JsonRequestReader
{
    private readonly ReadOnlyMemory<byte> _frame;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly KeyTracker _keys;
    private Utf8JsonReader _reader;
    private bool _refused;

    /// <param name="frame">Valid UTF-8.</param>
    /// <param name="keys">Without anything in it.</param>
    public JsonRequestReader(ReadOnlyMemory<byte> frame, KeyTracker keys)
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
        var error = ErrorCode.None;
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                ReadMessage(ref into.Add());
                break;
            case JsonTokenType.StartArray:
                error = ReadBatch(into);
                break;
            default:
                Skip();
                error = ErrorCode.InvalidMessage;
                break;
        }

        // Anything but white space after the value makes this call throw.
        Next();
        return _refused ? ErrorCode.InvalidJson : error;
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

    private void ReadMessage(ref ClientMessage message)
    {
        var fields = default(RequestFields);
        ReadMembers(ref message, ref fields, isPosition: false);
        fields.End(ref message);
    }

    private void ReadMembers(ref ClientMessage message, ref RequestFields fields, bool isPosition)
    {
        _keys.Open();
        while (Next() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = ReadName();
            var key = isPosition ? RequestNames.PositionKey(name) : RequestNames.Key(name);
            if (Next())
            {
                ReadValue(ref message, ref fields, key);
            }
        }

        _keys.Close();
    }

    /// <summary>Reads the value at hand to its end.</summary>
    private void ReadValue(ref ClientMessage message, ref RequestFields fields, RequestKey key)
    {
        var start = (int)_reader.TokenStartIndex;
        switch (_reader.TokenType)
        {
            case var _ when key == RequestKey.None:
                Skip();
                break;
            case var _ when key == RequestKey.Data:
                // Its strings are passed on as they are, whatever they escape.
                Skip(isData: true);
                fields.Data(ref message, _frame[start..(int)_reader.BytesConsumed]);
                break;
            case JsonTokenType.String:
                fields.Text(ref message, key, ReadText());
                break;
            case JsonTokenType.True or JsonTokenType.False:
                fields.Flag(ref message, key, _reader.TokenType == JsonTokenType.True);
                break;

            // 1.0 and 1e3 are no integers here: a number keeps one spelling, which other formats can have too.
            case JsonTokenType.Number when _reader.TryGetInt64(out var integer):
                fields.Integer(ref message, key, integer);
                break;

            // 1e400 reads as infinity.
            case JsonTokenType.Number when _reader.TryGetDouble(out var number) && double.IsFinite(number):
                fields.Finite(ref message, key, number);
                break;
            case JsonTokenType.StartObject when RequestNames.IsPosition(key):
                var members = default(RequestFields);
                ReadMembers(ref message, ref members, isPosition: true);
                fields.Map(ref message, key, members);
                break;
            case JsonTokenType.StartObject:
                Skip();
                fields.Map(ref message, key, _frame[start..(int)_reader.BytesConsumed]);
                break;
            default:
                Skip();
                fields.Other(key);
                break;
        }
    }

    /// <summary>A slice of the frame unless there are escapes in it; nothing if it is refused.</summary>
    private ReadOnlyMemory<byte> ReadText()
    {
        if (!_reader.ValueIsEscaped)
        {
            return _frame.Slice((int)_reader.TokenStartIndex + 1, _reader.ValueSpan.Length);
        }

        Skip();
        if (_refused)
        {
            return default;
        }

        var unescaped = new byte[_reader.ValueSpan.Length];
        return unescaped.AsMemory(0, _reader.CopyString(unescaped));
    }

    /// <returns>False at the end and once the frame is refused.</returns>
    private bool Next() => !_refused && _reader.Read();

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
    private void Skip(bool isData = false)
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
                    _refused = !isData && _reader.ValueIsEscaped && JsonText.HasLoneSurrogate(_reader.ValueSpan);
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
