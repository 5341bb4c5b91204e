namespace Broker.Protocol.Wire.MessagePack;

/// <summary>
/// Reads the values of one frame. Beyond the grammar it refuses keys that are no text or repeat in their map, text that is
/// not UTF-8, and too many levels; once something is refused it reads no further. Every method that reads a value has read
/// it to its end, also when it is not of the kind asked for.
/// </summary>
/// <param name="frame">Any bytes.</param>
/// <param name="keys">Without anything in it.</param>
internal ref struct MessagePackValueReader(ReadOnlyMemory<byte> frame, KeyTracker keys)
{
    private readonly ReadOnlyMemory<byte> _frame = frame;
    private readonly ReadOnlySpan<byte> _bytes = frame.Span;
    private readonly KeyTracker _keys = keys;
    private MessagePackTokenReader _tokens = new(frame.Span);
    private int _depth;

    /// <summary>The frame is not MessagePack, or not such as the protocol takes.</summary>
    public bool Refused { get; private set; }

    public readonly MessagePackKind Kind => _tokens.Kind;

    /// <summary>Elements of the array or pairs of the map at hand.</summary>
    public readonly int Count => _tokens.Length;

    public readonly bool AtEnd => _tokens.AtEnd;

    /// <returns>False once the frame is refused: a value that is asked for and missing is a reason.</returns>
    public bool Next()
    {
        Refused = Refused || !_tokens.Next() || (_tokens.Kind == MessagePackKind.Text && !WireText.IsValidUtf8(_tokens.Content));
        return !Refused;
    }

    /// <summary>The array at hand begins.</summary>
    /// <returns>False if that is a level too many.</returns>
    public bool OpenArray()
    {
        Refused = Refused || ++_depth > WireLimits.Depth;
        return !Refused;
    }

    public void CloseArray() => _depth--;

    /// <summary>The map at hand begins; its keys are those read until <see cref="CloseMap"/>.</summary>
    /// <returns>False if that is a level too many.</returns>
    public bool OpenMap()
    {
        if (!OpenArray())
        {
            return false;
        }

        _keys.Open();
        return true;
    }

    public void CloseMap()
    {
        _keys.Close();
        _depth--;
    }

    /// <summary>The key of the next pair, added to those of its map. Its value is the next token.</summary>
    public bool ReadName(out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!Next())
        {
            return false;
        }

        Refused = _tokens.Kind != MessagePackKind.Text || !_keys.Add(_bytes, _tokens.Position - _tokens.Length, _tokens.Length);
        name = Refused ? default : _tokens.Content;
        return !Refused;
    }

    /// <remarks>1.0 is no integer here, as in JSON.</remarks>
    public long? ReadInteger(long largest)
    {
        if (_tokens.Kind == MessagePackKind.Integer && _tokens.Integer >= 0 && _tokens.Integer <= largest)
        {
            return _tokens.Integer;
        }

        Skip();
        return null;
    }

    public double? ReadFinite()
    {
        switch (_tokens.Kind)
        {
            case MessagePackKind.Float:
                return _tokens.Float;
            case MessagePackKind.Integer:
                return _tokens.Integer;
            case MessagePackKind.Unsigned:
                return (ulong)_tokens.Integer;
            default:
                Skip();
                return null;
        }
    }

    public bool ReadFlag(out bool value)
    {
        value = _tokens.Kind == MessagePackKind.Boolean && _tokens.Boolean;
        if (_tokens.Kind == MessagePackKind.Boolean)
        {
            return true;
        }

        Skip();
        return false;
    }

    public bool ReadMap(out ReadOnlyMemory<byte> raw)
    {
        var isMap = _tokens.Kind == MessagePackKind.Map;
        raw = ReadRaw();
        return isMap;
    }

    public ReadOnlyMemory<byte> ReadRaw()
    {
        var start = _tokens.Start;
        Skip();
        return _frame[start.._tokens.Position];
    }

    public bool ReadText(out ReadOnlyMemory<byte> text)
    {
        var isText = _tokens.Kind == MessagePackKind.Text;
        text = isText ? _frame.Slice(_tokens.Position - _tokens.Length, _tokens.Length) : default;
        Skip();
        return isText;
    }

    /// <summary>Reads the value at hand to its end, whatever is in it. Calls itself once for each level, at most <see cref="WireLimits.Depth"/> times.</summary>
    public void Skip()
    {
        var left = _tokens.Length;
        if (_tokens.Kind == MessagePackKind.Array && OpenArray())
        {
            for (; left > 0 && Next(); left--)
            {
                Skip();
            }

            CloseArray();
        }
        else if (_tokens.Kind == MessagePackKind.Map && OpenMap())
        {
            for (; left > 0 && ReadName(out _) && Next(); left--)
            {
                Skip();
            }

            CloseMap();
        }
    }
}
