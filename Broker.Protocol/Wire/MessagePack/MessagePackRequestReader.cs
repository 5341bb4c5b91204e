namespace Broker.Protocol.Wire.MessagePack;

/// <summary>
/// Reads one frame of requests in one pass. Beyond the grammar it refuses keys that are no text or repeat in their map, text that
/// is not UTF-8, and too many levels; once something is refused it reads no further.
/// </summary>
/// <param name="frame">Any bytes.</param>
/// <param name="keys">Without anything in it.</param>
internal ref struct MessagePackRequestReader(ReadOnlyMemory<byte> frame, KeyTracker keys)
{
    private readonly ReadOnlyMemory<byte> _frame = frame;
    private readonly ReadOnlySpan<byte> _bytes = frame.Span;
    private readonly KeyTracker _keys = keys;
    private MessagePackTokenReader _tokens = new(frame.Span);
    private int _depth;
    private bool _refused;

    /// <returns>As <see cref="IWireCodec.Decode"/>; what is in <paramref name="into"/> counts only for None.</returns>
    public ErrorCode Read(ClientMessageList into)
    {
        Next();
        var error = ErrorCode.None;
        switch (_tokens.Kind)
        {
            case MessagePackKind.Map:
                ReadMessage(ref into.Add());
                break;
            case MessagePackKind.Array:
                error = ReadBatch(into);
                break;
            default:
                error = ErrorCode.InvalidMessage;
                break;
        }

        return _refused || !_tokens.AtEnd ? ErrorCode.InvalidMessage : error;
    }

    private ErrorCode ReadBatch(ClientMessageList into)
    {
        var left = _tokens.Length;
        if (left is 0 or > WireLimits.Batch || !Open())
        {
            return ErrorCode.InvalidMessage;
        }

        for (; left > 0 && Next(); left--)
        {
            if (_tokens.Kind == MessagePackKind.Map)
            {
                ReadMessage(ref into.Add());
            }
            else
            {
                Skip();
                into.Add().Error = ErrorCode.InvalidMessage;
            }
        }

        _depth--;
        return ErrorCode.None;
    }

    private void ReadMessage(ref ClientMessage message)
    {
        var fields = default(RequestFields);
        ReadMembers(ref message, ref fields, isPosition: false);
        fields.End(ref message);
    }

    private void ReadMembers(ref ClientMessage message, ref RequestFields fields, bool isPosition)
    {
        var left = _tokens.Length;
        if (!OpenMap())
        {
            return;
        }

        for (; left > 0 && ReadName(out var name) && Next(); left--)
        {
            ReadValue(ref message, ref fields, isPosition ? RequestNames.PositionKey(name) : RequestNames.Key(name));
        }

        CloseMap();
    }

    /// <summary>Reads the value at hand to its end.</summary>
    private void ReadValue(ref ClientMessage message, ref RequestFields fields, RequestKey key)
    {
        var start = _tokens.Start;
        switch (_tokens.Kind)
        {
            case var _ when key == RequestKey.None:
                Skip();
                break;
            case var _ when key == RequestKey.Data:
                Skip();
                fields.Data(ref message, _frame[start.._tokens.Position]);
                break;
            case MessagePackKind.Text:
                fields.Text(ref message, key, _frame.Slice(_tokens.Position - _tokens.Length, _tokens.Length));
                break;
            case MessagePackKind.Boolean:
                fields.Flag(ref message, key, _tokens.Boolean);
                break;
            case MessagePackKind.Integer:
                fields.Integer(ref message, key, _tokens.Integer);
                break;
            case MessagePackKind.Unsigned:
                fields.Finite(ref message, key, (ulong)_tokens.Integer);
                break;

            // 1.0 is no integer here, as in JSON.
            case MessagePackKind.Float:
                fields.Finite(ref message, key, _tokens.Float);
                break;
            case MessagePackKind.Map when RequestNames.IsPosition(key):
                var members = default(RequestFields);
                ReadMembers(ref message, ref members, isPosition: true);
                fields.Map(ref message, key, members);
                break;
            case MessagePackKind.Map:
                Skip();
                fields.Map(ref message, key, _frame[start.._tokens.Position]);
                break;
            default:
                Skip();
                fields.Other(key);
                break;
        }
    }

    /// <returns>False once the frame is refused: a value that is asked for and missing is a reason.</returns>
    private bool Next()
    {
        if (!_refused && _tokens.Next() && (_tokens.Kind != MessagePackKind.Text || WireText.IsValidUtf8(_tokens.Content)))
        {
            return true;
        }

        _refused = true;
        return false;
    }

    /// <summary>The key of the next pair, added to those of its map. Its value is the next token.</summary>
    private bool ReadName(out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!Next())
        {
            return false;
        }

        _refused = _tokens.Kind != MessagePackKind.Text || !_keys.Add(_bytes, _tokens.Position - _tokens.Length, _tokens.Length);
        name = _refused ? default : _tokens.Content;
        return !_refused;
    }

    /// <summary>A level begins.</summary>
    /// <returns>False if that is one too many.</returns>
    private bool Open()
    {
        _refused = _refused || ++_depth > WireLimits.Depth;
        return !_refused;
    }

    /// <summary>The map at hand begins; its keys are those read until <see cref="CloseMap"/>.</summary>
    private bool OpenMap()
    {
        if (!Open())
        {
            return false;
        }

        _keys.Open();
        return true;
    }

    private void CloseMap()
    {
        _keys.Close();
        _depth--;
    }

    /// <summary>Reads the value at hand to its end, whatever is in it. Calls itself once for each level, at most <see cref="WireLimits.Depth"/> times.</summary>
    private void Skip()
    {
        var left = _tokens.Length;
        if (_tokens.Kind == MessagePackKind.Array && Open())
        {
            for (; left > 0 && Next(); left--)
            {
                Skip();
            }

            _depth--;
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
