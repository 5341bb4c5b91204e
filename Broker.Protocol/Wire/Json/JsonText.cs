#if NET
using System.Buffers;
using System.Text;
#endif

namespace Broker.Protocol.Wire.Json;

/// <summary>What the JSON reader of the runtime leaves unchecked about text, and what a writer must escape.</summary>
internal static class JsonText
{
    /// <summary>Bytes of <c>\u0000</c>.</summary>
    public const int LongestEscape = 6;

#if NET
    private static readonly SearchValues<byte> Escaped = SearchValues.Create(
        [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
            29, 30, 31, (byte)'"', (byte)'\\',
        ]);
#endif

    /// <summary>Index of the first byte that RFC 8259 section 7 wants escaped, or -1.</summary>
    public static int IndexOfEscaped(ReadOnlySpan<byte> utf8)
    {
#if NET
        return utf8.IndexOfAny(Escaped);
#else
        for (var i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] is < 0x20 or (byte)'"' or (byte)'\\')
            {
                return i;
            }
        }

        return -1;
#endif
    }

    /// <summary>Writes the escape of a byte that wants one and returns its length.</summary>
    public static int Escape(Span<byte> destination, byte unit)
    {
        var escape = unit switch
        {
            (byte)'"' => "\\\""u8,
            (byte)'\\' => "\\\\"u8,
            (byte)'\n' => "\\n"u8,
            (byte)'\r' => "\\r"u8,
            (byte)'\t' => "\\t"u8,
            _ => "\\u00"u8,
        };
        escape.CopyTo(destination);
        if (escape.Length == 2)
        {
            return 2;
        }

        destination[4] = "0123456789abcdef"u8[unit >> 4];
        destination[5] = "0123456789abcdef"u8[unit & 15];
        return LongestEscape;
    }

    /// <summary>
    /// Whether a string has a <c>\ud800</c>-<c>\udfff</c> escape outside a pair: legal JSON that no UTF-8 can hold
    /// (RFC 8259 section 8.2).
    /// </summary>
    /// <param name="raw">The inside of a string that a JSON reader has accepted, escapes and all.</param>
    public static bool HasLoneSurrogate(ReadOnlySpan<byte> raw)
    {
        for (var i = raw.IndexOf((byte)'\\'); i >= 0; i = raw.IndexOf((byte)'\\'))
        {
            raw = raw[i..];
            if (raw[1] != 'u')
            {
                raw = raw[2..];
                continue;
            }

            var unit = Unit(raw);
            raw = raw[6..];
            if ((unit & 0xF800) != 0xD800)
            {
                continue;
            }

            var pair = unit < 0xDC00 && raw.StartsWith("\\u"u8) && (Unit(raw) & 0xFC00) == 0xDC00;
            if (!pair)
            {
                return true;
            }

            raw = raw[6..];
        }

        return false;
    }

#if NET
    /// <summary>Takes the escapes out of a string, and puts U+FFFD in the place of what no UTF-8 can hold.</summary>
    /// <param name="raw">As for <see cref="HasLoneSurrogate"/>.</param>
    /// <param name="destination">As long as <paramref name="raw"/>.</param>
    /// <returns>The bytes written.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> destination)
    {
        var length = 0;
        while (!raw.IsEmpty)
        {
            var plain = raw.IndexOf((byte)'\\');
            plain = plain < 0 ? raw.Length : plain;
            raw[..plain].CopyTo(destination[length..]);
            length += plain;
            raw = raw[plain..];
            if (raw.IsEmpty)
            {
                break;
            }

            if (raw[1] != 'u')
            {
                destination[length++] = raw[1] switch
                {
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    (byte)'n' => (byte)'\n',
                    (byte)'r' => (byte)'\r',
                    (byte)'t' => (byte)'\t',
                    var same => same,
                };
                raw = raw[2..];
                continue;
            }

            var unit = (char)Unit(raw);
            raw = raw[6..];
            var rune = Rune.TryCreate(unit, out var single) ? single : Rune.ReplacementChar;
            if (char.IsHighSurrogate(unit) && raw.StartsWith("\\u"u8) && Rune.TryCreate(unit, (char)Unit(raw), out var pair))
            {
                rune = pair;
                raw = raw[6..];
            }

            length += rune.EncodeToUtf8(destination[length..]);
        }

        return length;
    }
#endif

    private static int Unit(ReadOnlySpan<byte> escape)
    {
        var unit = 0;
        foreach (var digit in escape.Slice(2, 4))
        {
            unit = (unit << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return unit;
    }
}
