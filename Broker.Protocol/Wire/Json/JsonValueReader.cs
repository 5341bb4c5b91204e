using System.Text.Json;

namespace Broker.Protocol.Wire.Json;

/// <summary>
/// Reads the values of one frame. Beyond JSON's grammar, for which the reader of the runtime throws
/// <see cref="JsonException"/>, it refuses keys that repeat in their map, and lone surrogates outside the strings of a publisher's
/// data (what <c>JSON.stringify</c> makes of half an emoji): then it reads no further.
/// Every method that reads a value has read it to its end, also when it is not of the kind asked for.
/// </summary>
internal ref struct JsonValueReader
{
    private readonly ReadOnlyMemory<byte> _frame;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly KeyTracker _keys;
    private Utf8JsonReader _reader;

    /// <param name="frame">Valid UTF-8.</param>
    /// <param name="keys">Without anything in it.</param>
    public JsonValueReader(ReadOnlyMemory<byte> frame, KeyTracker keys)
    {
        _frame = frame;
        _bytes = frame.Span;
        _keys = keys;
        _reader = new Utf8JsonReader(_bytes, new JsonReaderOptions { MaxDepth = WireLimits.Depth });
        Refused = false;
    }

    /// <summary>The frame is JSON, but not such as the protocol takes.</summary>
    public bool Refused { get; private set; }

    public readonly JsonTokenType TokenType => _reader.TokenType;

    /// <returns>False at the end and once the frame is refused.</returns>
    public bool Next() => !Refused && _reader.Read();

    /// <summary>The map at hand begins; its keys are those read until <see cref="CloseMap"/>.</summary>
    public readonly void OpenMap() => _keys.Open();

    public readonly void CloseMap() => _keys.Close();

    public long? ReadInteger(long largest)
    {
        // 1.0 and 1e3 are no integers here: a number keeps one spelling, which other formats can have too.
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt64(out var value) && value >= 0 && value <= largest)
        {
            return value;
        }

        Skip();
        return null;
    }

    public double? ReadFinite()
    {
        // 1e400 reads as infinity.
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetDouble(out var value) && double.IsFinite(value))
        {
            return value;
        }

        Skip();
        return null;
    }

    public bool ReadFlag(out bool value)
    {
        value = _reader.TokenType == JsonTokenType.True;
        if (value || _reader.TokenType == JsonTokenType.False)
        {
            return true;
        }

        Skip();
        return false;
    }

    public bool ReadMap(out ReadOnlyMemory<byte> raw)
    {
        var isMap = _reader.TokenType == JsonTokenType.StartObject;
        var start = (int)_reader.TokenStartIndex;
        Skip();
        raw = _frame[start..(int)_reader.BytesConsumed];
        return isMap;
    }

    /// <summary>Data: its strings are passed on as they are, whatever they escape.</summary>
    public ReadOnlyMemory<byte> ReadRaw()
    {
        var start = (int)_reader.TokenStartIndex;
        Skip(isData: true);
        return _frame[start..(int)_reader.BytesConsumed];
    }

    /// <summary>A slice of the frame unless there are escapes in it.</summary>
    public bool ReadText(out ReadOnlyMemory<byte> text)
    {
        text = default;
        var isText = _reader.TokenType == JsonTokenType.String;
        Skip();
        if (!isText || Refused)
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
    public ReadOnlySpan<byte> ReadName()
    {
        var raw = _reader.ValueSpan;
        if (!_reader.ValueIsEscaped)
        {
            Refused = !_keys.Add(_bytes, (int)_reader.TokenStartIndex + 1, raw.Length);
            return raw;
        }

        if (JsonText.HasLoneSurrogate(raw))
        {
            Refused = true;
            return default;
        }

        var scratch = _keys.Scratch(raw.Length);
        var length = _reader.CopyString(scratch);
        Refused = !_keys.AddScratch(_bytes, length);
        return scratch[..length];
    }

    /// <summary>Reads the value at hand to its end, whatever is in it.</summary>
    public void Skip(bool isData = false)
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
                    Refused = !isData && _reader.ValueIsEscaped && JsonText.HasLoneSurrogate(_reader.ValueSpan);
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
