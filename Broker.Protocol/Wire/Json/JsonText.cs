#if NET
using System.Buffers;
#endif

namespace Broker.Protocol.Wire.Json;

/// <summary>What the JSON reader of the runtime leaves unchecked about text, and what a writer must escape.</summary>
internal static class JsonText
{
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

    /// <summary>Whether the bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF).</summary>
    public static bool IsValidUtf8(ReadOnlySpan<byte> bytes)
    {
#if NET
        return System.Text.Unicode.Utf8.IsValid(bytes);
#else
        while (!bytes.IsEmpty)
        {
            var length = SequenceLength(bytes);
            if (length == 0)
            {
                return false;
            }

            bytes = bytes[length..];
        }

        return true;
#endif
    }

    private static int Unit(ReadOnlySpan<byte> escape)
    {
        var unit = 0;
        foreach (var digit in escape.Slice(2, 4))
        {
            unit = (unit << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return unit;
    }

#if !NET
    // RFC 3629 section 4, the table of well-formed sequences; 0: none.
    private static int SequenceLength(ReadOnlySpan<byte> bytes)
    {
        var (length, low, high) = bytes[0] switch
        {
            <= 0x7F => (1, 0x80, 0xBF),
            >= 0xC2 and <= 0xDF => (2, 0x80, 0xBF),
            0xE0 => (3, 0xA0, 0xBF),
            0xED => (3, 0x80, 0x9F),
            >= 0xE1 and <= 0xEF => (3, 0x80, 0xBF),
            0xF0 => (4, 0x90, 0xBF),
            >= 0xF1 and <= 0xF3 => (4, 0x80, 0xBF),
            0xF4 => (4, 0x80, 0x8F),
            _ => (0, 0, 0),
        };
        if (length < 2)
        {
            return length;
        }

        if (bytes.Length < length || bytes[1] < low || bytes[1] > high)
        {
            return 0;
        }

        for (var i = 2; i < length; i++)
        {
            if ((bytes[i] & 0xC0) != 0x80)
            {
                return 0;
            }
        }

        return length;
    }
#endif
}
