using System.Buffers;
using System.Text;
using Broker.Protocol.Wire.Json;
using Broker.Protocol.Wire.MessagePack;

namespace Broker.Protocol.Wire.Bridge;

/// <summary>An encoded value while texts in it are replaced from front to back. Copies nothing before the first that differs.</summary>
internal sealed class ReplacedTexts(ReadOnlyMemory<byte> value, char mark, Func<string, string?> replace)
{
    private ArrayBufferWriter<byte>? _output;
    private int _copied;

    public bool IsMarked(ReadOnlySpan<byte> utf8) => utf8.Contains((byte)mark);

    /// <param name="text">A text of the value.</param>
    /// <param name="replaced">What stands instead of it; null: it stays.</param>
    /// <returns>False: it is refused.</returns>
    public bool TryReplace(string text, out string? replaced)
    {
        replaced = null;
        if (!text.Contains(mark, StringComparison.Ordinal))
        {
            return true;
        }

        replaced = replace(text);
        if (replaced is null)
        {
            return false;
        }

        replaced = replaced == text ? null : replaced;
        return true;
    }

    /// <summary>Puts a text in the place of the bytes from <paramref name="start"/> to <paramref name="end"/>.</summary>
    public void Put(int start, int end, WireFormat format, string text)
    {
        _output ??= new ArrayBufferWriter<byte>(value.Length);
        _output.Write(value.Span[_copied..start]);
        _copied = end;
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (format == WireFormat.Json)
        {
            PutJson(_output, utf8);
        }
        else
        {
            _output.Advance(MessagePackHeaders.Text(_output.GetSpan(MessagePackHeaders.Longest), utf8.Length));
            _output.Write(utf8);
        }
    }

    public ReadOnlyMemory<byte> Finish()
    {
        if (_output is null)
        {
            return value;
        }

        _output.Write(value.Span[_copied..]);
        return _output.WrittenMemory;
    }

    private static void PutJson(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        output.Write("\""u8);
        for (var escaped = JsonText.IndexOfEscaped(utf8); escaped >= 0; escaped = JsonText.IndexOfEscaped(utf8))
        {
            output.Write(utf8[..escaped]);
            output.Advance(JsonText.Escape(output.GetSpan(JsonText.LongestEscape), utf8[escaped]));
            utf8 = utf8[(escaped + 1)..];
        }

        output.Write(utf8);
        output.Write("\""u8);
    }
}
