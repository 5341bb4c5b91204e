using System.Buffers.Text;
using System.Text;

namespace Broker.Protocol.Wire.Json;

/// <summary>
/// Writes one message, or, made by <see cref="Measuring"/>, only counts what it would write: the same code gives the
/// exact size and the bytes, and neither needs a buffer between.
/// </summary>
internal ref struct JsonSpanWriter
{
    private readonly Span<byte> _destination;
    private readonly bool _measuring;

    public JsonSpanWriter(Span<byte> destination)
    {
        _destination = destination;
        _measuring = false;
    }

    private JsonSpanWriter(bool measuring)
    {
        _destination = default;
        _measuring = measuring;
    }

    /// <summary>Bytes written or counted.</summary>
    public int Position { get; private set; }

    public static JsonSpanWriter Measuring() => new(measuring: true);

    public void Begin(scoped ReadOnlySpan<byte> type)
    {
        Raw("{\"type\":\""u8);
        Raw(type);
        Raw("\""u8);
    }

    public void Begin(scoped ReadOnlySpan<byte> type, in WireId id)
    {
        Begin(type);
        if (id.Kind == WireIdKind.Number)
        {
            Member(",\"id\":"u8, id.Number);
        }
        else if (id.Kind == WireIdKind.Text)
        {
            Member(",\"id\":"u8, id.Text.Span);
        }
    }

    public void End() => Raw("}"u8);

    /// <summary>Bytes as they are: punctuation, or an encoded value.</summary>
    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (!_measuring)
        {
            bytes.CopyTo(_destination[Position..]);
        }

        Position += bytes.Length;
    }

    /// <summary>A member whose value is a string.</summary>
    /// <param name="name">With its comma, quotes and colon.</param>
    /// <param name="utf8">Unescaped.</param>
    public void Member(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> utf8)
    {
        Raw(name);
        Raw("\""u8);
        for (var i = JsonText.IndexOfEscaped(utf8); i >= 0; i = JsonText.IndexOfEscaped(utf8))
        {
            Raw(utf8[..i]);
            Escape(utf8[i]);
            utf8 = utf8[(i + 1)..];
        }

        Raw(utf8);
        Raw("\""u8);
    }

    public void Member(scoped ReadOnlySpan<byte> name, string text)
    {
        // A lone surrogate in a string of the server's own becomes U+FFFD: the output is valid UTF-8 always.
        var bytes = text.Length <= 128 ? stackalloc byte[text.Length * 3] : new byte[text.Length * 3];
        Member(name, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    public void Member(scoped ReadOnlySpan<byte> name, long number)
    {
        Raw(name);
        Span<byte> digits = stackalloc byte[20];
        _ = Utf8Formatter.TryFormat(number, digits, out var length);
        Raw(digits[..length]);
    }

    /// <param name="number">Finite; a whole one without a point.</param>
    public void Member(scoped ReadOnlySpan<byte> name, double number)
    {
        Raw(name);

        // "-1.7976931348623157E+308" has 24 characters.
        Span<byte> digits = stackalloc byte[32];
        _ = Utf8Formatter.TryFormat(number, digits, out var length);
        Raw(digits[..length]);
    }

    public void Member(scoped ReadOnlySpan<byte> name, bool value)
    {
        Raw(name);
        Raw(value ? "true"u8 : "false"u8);
    }

    public void Optional(scoped ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            Member(name, text);
        }
    }

    /// <summary>A text; left out when empty.</summary>
    public void Optional(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> utf8)
    {
        if (!utf8.IsEmpty)
        {
            Member(name, utf8);
        }
    }

    public void Optional(scoped ReadOnlySpan<byte> name, long? number)
    {
        if (number is { } value)
        {
            Member(name, value);
        }
    }

    /// <summary>An encoded value; left out when empty.</summary>
    public void OptionalRaw(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> encoded)
    {
        if (!encoded.IsEmpty)
        {
            Raw(name);
            Raw(encoded);
        }
    }

    /// <summary>An encoded value; null when empty.</summary>
    public void RawOrNull(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> encoded)
    {
        Raw(name);
        Raw(encoded.IsEmpty ? "null"u8 : encoded);
    }

    private void Escape(byte unit)
    {
        Span<byte> escape = stackalloc byte[JsonText.LongestEscape];
        Raw(escape[..JsonText.Escape(escape, unit)]);
    }
}
