using System.Text;

namespace Broker.Protocol.Wire.MessagePack;

/// <summary>
/// Writes one message, or, made by <see cref="Measuring"/>, only counts what it would write: the same code gives the
/// exact size and the bytes. A map's count is put into its first byte when it ends: no message has 16 keys.
/// </summary>
internal ref struct MessagePackSpanWriter
{
    private readonly Span<byte> _destination;
    private readonly bool _measuring;
    private int _start;
    private int _pairs;

    public MessagePackSpanWriter(Span<byte> destination)
    {
        _destination = destination;
        _measuring = false;
    }

    private MessagePackSpanWriter(bool measuring)
    {
        _destination = default;
        _measuring = measuring;
    }

    /// <summary>Bytes written or counted.</summary>
    public int Position { get; private set; }

    public static MessagePackSpanWriter Measuring() => new(measuring: true);

    public void Begin(scoped ReadOnlySpan<byte> type)
    {
        Position++;
        Member("type"u8, type);
    }

    /// <summary>Begins with a pair that is encoded already.</summary>
    public void BeginEncoded(scoped ReadOnlySpan<byte> type)
    {
        Position++;
        _pairs++;
        Raw(type);
    }

    public void Begin(scoped ReadOnlySpan<byte> type, in WireId id)
    {
        Begin(type);
        if (id.Kind == WireIdKind.Number)
        {
            Member("id"u8, id.Number);
        }
        else if (id.Kind == WireIdKind.Text)
        {
            Member("id"u8, id.Text.Span);
        }
    }

    /// <summary>Begins with a map of fewer than 15 pairs that is encoded already: members follow, and <see cref="End"/> counts them all.</summary>
    public void Resume(scoped ReadOnlySpan<byte> map)
    {
        _pairs = MessagePackHeaders.PairsOf(map[0]);
        Raw(map);
    }

    public readonly void End()
    {
        if (!_measuring)
        {
            MessagePackHeaders.Map(_destination[_start..], _pairs);
        }
    }

    /// <summary>A member whose value is a map: what follows is in it until <see cref="Close"/>.</summary>
    /// <returns>For <see cref="Close"/>.</returns>
    public (int Start, int Pairs) Open(scoped ReadOnlySpan<byte> name)
    {
        Name(name);
        return Open();
    }

    /// <summary>An element of an array, as <see cref="Open(ReadOnlySpan{byte})"/> a value.</summary>
    public (int Start, int Pairs) Open()
    {
        var outer = (_start, _pairs);
        (_start, _pairs) = (Position++, 0);
        return outer;
    }

    public void Close((int Start, int Pairs) outer)
    {
        End();
        (_start, _pairs) = outer;
    }

    /// <summary>A member whose value is an array: that many elements follow.</summary>
    public void Array(scoped ReadOnlySpan<byte> name, int count)
    {
        Name(name);
        Span<byte> header = stackalloc byte[MessagePackHeaders.Longest];
        Raw(header[..MessagePackHeaders.Array(header, count)]);
    }

    /// <summary>An element of an array: a map of pairs that are encoded already.</summary>
    public void Map(int pairs, scoped ReadOnlySpan<byte> encoded)
    {
        Span<byte> header = stackalloc byte[MessagePackHeaders.Longest];
        Raw(header[..MessagePackHeaders.Map(header, pairs)]);
        Raw(encoded);
    }

    /// <summary>A member whose value is a map of texts.</summary>
    public void Texts(scoped ReadOnlySpan<byte> name, IReadOnlyDictionary<string, string> texts)
    {
        Name(name);
        Map(texts.Count, encoded: default);
        foreach (var (key, value) in texts)
        {
            Text(key);
            Text(value);
        }
    }

    /// <param name="utf8">A text.</param>
    public void Member(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> utf8)
    {
        Name(name);
        Text(utf8);
    }

    public void Member(scoped ReadOnlySpan<byte> name, string text)
    {
        Name(name);
        Text(text);
    }

    public void Member(scoped ReadOnlySpan<byte> name, long number)
    {
        Name(name);
        Span<byte> encoded = stackalloc byte[MessagePackHeaders.Longest];
        Raw(encoded[..MessagePackHeaders.Integer(encoded, number)]);
    }

    /// <param name="number">Finite; a whole one is written as an integer.</param>
    public void Member(scoped ReadOnlySpan<byte> name, double number)
    {
        if (number == (long)number)
        {
            Member(name, (long)number);
            return;
        }

        Name(name);
        Span<byte> encoded = stackalloc byte[MessagePackHeaders.Longest];
        Raw(encoded[..MessagePackHeaders.Float(encoded, number)]);
    }

    public void Member(scoped ReadOnlySpan<byte> name, bool value)
    {
        Name(name);
        Raw(value ? [MessagePackHeaders.True] : [MessagePackHeaders.False]);
    }

    public void Nil(scoped ReadOnlySpan<byte> name)
    {
        Name(name);
        Raw([MessagePackHeaders.Nil]);
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

    /// <summary>A member whose value is encoded already.</summary>
    public void Encoded(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        Name(name);
        Raw(value);
    }

    /// <summary>An encoded value; left out when empty.</summary>
    public void OptionalEncoded(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            Encoded(name, value);
        }
    }

    /// <summary>An encoded value; nil when empty.</summary>
    public void EncodedOrNil(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            Nil(name);
        }
        else
        {
            Encoded(name, value);
        }
    }

    private void Name(scoped ReadOnlySpan<byte> name)
    {
        _pairs++;
        Text(name);
    }

    private void Text(string text)
    {
        // A lone surrogate in a string of the server's own becomes U+FFFD: the output is valid UTF-8 always.
        var length = Encoding.UTF8.GetByteCount(text);
        TextHeader(length);
        if (!_measuring)
        {
            Encoding.UTF8.GetBytes(text, _destination[Position..]);
        }

        Position += length;
    }

    private void Text(scoped ReadOnlySpan<byte> utf8)
    {
        TextHeader(utf8.Length);
        Raw(utf8);
    }

    private void TextHeader(int length)
    {
        Span<byte> header = stackalloc byte[MessagePackHeaders.Longest];
        Raw(header[..MessagePackHeaders.Text(header, length)]);
    }

    private void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        if (!_measuring)
        {
            bytes.CopyTo(_destination[Position..]);
        }

        Position += bytes.Length;
    }
}
