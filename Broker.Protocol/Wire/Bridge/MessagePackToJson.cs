using System.Buffers;
using System.Buffers.Text;
using Broker.Protocol.Wire.Json;
using Broker.Protocol.Wire.MessagePack;

namespace Broker.Protocol.Wire.Bridge;

/// <summary>Writes one MessagePack value as JSON.</summary>
/// <param name="value">A value that the codec has let through or written: keys that repeat are not looked for again.</param>
/// <param name="output">Takes the JSON.</param>
internal ref struct MessagePackToJson(ReadOnlySpan<byte> value, IBufferWriter<byte> output)
{
    /// <summary>Of a number: "-1.7976931348623157E+308" has 24 characters.</summary>
    private const int LongestNumber = 32;

    private readonly IBufferWriter<byte> _output = output;
    private MessagePackTokenReader _tokens = new(value);

    public bool TryWrite() => _tokens.Next() && TryWriteValue(WireLimits.Depth) && _tokens.AtEnd;

    public bool TryWritePush()
    {
        if (!_tokens.Next() || _tokens.Kind != MessagePackKind.Map)
        {
            return false;
        }

        Raw("{"u8);
        for (var (i, pairs) = (0, _tokens.Length); i < pairs; i++)
        {
            if (!TryWriteName(i, out var isData) || !_tokens.Next())
            {
                return false;
            }

            var isBytes = isData && _tokens.Kind == MessagePackKind.Bytes;
            if (!TryWriteValue(WireLimits.Depth - 1))
            {
                return false;
            }

            if (isBytes)
            {
                Raw(",\"encoding\":\"base64\""u8);
            }
        }

        Raw("}"u8);
        return _tokens.AtEnd;
    }

    /// <summary>The value at hand. Calls itself once for each level, at most <paramref name="levels"/> times.</summary>
    private bool TryWriteValue(int levels)
    {
        switch (_tokens.Kind)
        {
            case MessagePackKind.Nil:
                Raw("null"u8);
                return true;
            case MessagePackKind.Boolean:
                Raw(_tokens.Boolean ? "true"u8 : "false"u8);
                return true;
            case MessagePackKind.Integer:
                Utf8Formatter.TryFormat(_tokens.Integer, _output.GetSpan(LongestNumber), out var written);
                _output.Advance(written);
                return true;
            case MessagePackKind.Unsigned:
                Utf8Formatter.TryFormat((ulong)_tokens.Integer, _output.GetSpan(LongestNumber), out written);
                _output.Advance(written);
                return true;
            case MessagePackKind.Float:
                Utf8Formatter.TryFormat(_tokens.Float, _output.GetSpan(LongestNumber), out written);
                _output.Advance(written);
                return true;
            case MessagePackKind.Text:
                return TryWriteText(_tokens.Content);
            case MessagePackKind.Bytes:
                WriteBase64(_tokens.Content);
                return true;
            case MessagePackKind.Array:
                return levels > 0 && TryWriteArray(levels - 1);
            default:
                return levels > 0 && TryWriteMap(levels - 1);
        }
    }

    private bool TryWriteArray(int levels)
    {
        Raw("["u8);
        for (var (i, count) = (0, _tokens.Length); i < count; i++)
        {
            Raw(i == 0 ? default : ","u8);
            if (!_tokens.Next() || !TryWriteValue(levels))
            {
                return false;
            }
        }

        Raw("]"u8);
        return true;
    }

    private bool TryWriteMap(int levels)
    {
        Raw("{"u8);
        for (var (i, pairs) = (0, _tokens.Length); i < pairs; i++)
        {
            if (!TryWriteName(i, out _) || !_tokens.Next() || !TryWriteValue(levels))
            {
                return false;
            }
        }

        Raw("}"u8);
        return true;
    }

    private bool TryWriteName(int index, out bool isData)
    {
        isData = false;
        if (!_tokens.Next() || _tokens.Kind != MessagePackKind.Text)
        {
            return false;
        }

        isData = _tokens.Content.SequenceEqual("data"u8);
        Raw(index == 0 ? default : ","u8);
        if (!TryWriteText(_tokens.Content))
        {
            return false;
        }

        Raw(":"u8);
        return true;
    }

    private readonly bool TryWriteText(ReadOnlySpan<byte> utf8)
    {
        // JSON that is not UTF-8 would end the connection of every receiver.
        if (!WireText.IsValidUtf8(utf8))
        {
            return false;
        }

        Raw("\""u8);
        for (var i = JsonText.IndexOfEscaped(utf8); i >= 0; i = JsonText.IndexOfEscaped(utf8))
        {
            Raw(utf8[..i]);
            _output.Advance(JsonText.Escape(_output.GetSpan(JsonText.LongestEscape), utf8[i]));
            utf8 = utf8[(i + 1)..];
        }

        Raw(utf8);
        Raw("\""u8);
        return true;
    }

    private readonly void WriteBase64(ReadOnlySpan<byte> bytes)
    {
        var destination = _output.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length) + 2);
        destination[0] = (byte)'"';
        Base64.EncodeToUtf8(bytes, destination[1..], out _, out var written);
        destination[written + 1] = (byte)'"';
        _output.Advance(written + 2);
    }

    private readonly void Raw(ReadOnlySpan<byte> bytes) => _output.Write(bytes);
}
