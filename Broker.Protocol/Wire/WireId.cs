using System.Globalization;
using System.Text;

namespace Broker.Protocol.Wire;

/// <summary>
/// The <c>id</c> of a request, which its reply repeats: absent, an integer 0..2^53-1, or a string of at most 64
/// bytes. A decoded text id is a slice of the received frame: <see cref="Retain"/> it to keep it for longer.
/// </summary>
public readonly struct WireId : IEquatable<WireId>
{
    private WireId(WireIdKind kind, long number, ReadOnlyMemory<byte> text)
    {
        Kind = kind;
        Number = number;
        Text = text;
    }

    public WireIdKind Kind { get; }

    public bool IsPresent => Kind != WireIdKind.Absent;

    /// <summary>The value of a <see cref="WireIdKind.Number"/>, else 0.</summary>
    public long Number { get; }

    /// <summary>The unescaped UTF-8 of a <see cref="WireIdKind.Text"/>, else empty.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    public static bool TryCreate(long number, out WireId id)
    {
        var valid = number is >= 0 and <= WireLimits.MaxInteger;
        id = valid ? new WireId(WireIdKind.Number, number, default) : default;
        return valid;
    }

    /// <param name="utf8">Valid UTF-8; not copied.</param>
    /// <param name="id">Absent when this returns false.</param>
    public static bool TryCreate(ReadOnlyMemory<byte> utf8, out WireId id)
    {
        var valid = utf8.Length <= WireLimits.IdBytes;
        id = valid ? new WireId(WireIdKind.Text, 0, utf8) : default;
        return valid;
    }

    /// <summary>The same id, independent of the frame it was read from. Allocates for text only.</summary>
    public WireId Retain() => Kind == WireIdKind.Text ? new WireId(Kind, 0, Text.ToArray()) : this;

    public bool Equals(WireId other) =>
        Kind == other.Kind && Number == other.Number && Text.Span.SequenceEqual(other.Text.Span);

    public override bool Equals(object? obj) => obj is WireId other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Kind);
        hash.Add(Number);
        foreach (var unit in Text.Span)
        {
            hash.Add(unit);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => Kind switch
    {
        WireIdKind.Number => Number.ToString(CultureInfo.InvariantCulture),
        WireIdKind.Text => Encoding.UTF8.GetString(Text.Span),
        _ => "",
    };

    public static bool operator ==(WireId left, WireId right) => left.Equals(right);

    public static bool operator !=(WireId left, WireId right) => !left.Equals(right);
}

/// <summary>What a request id is.</summary>
public enum WireIdKind : byte
{
    /// <summary>The request had none: it gets no reply, except an error.</summary>
    Absent,

    /// <summary>0 to 2^53-1.</summary>
    Number,

    /// <summary>At most 64 bytes of UTF-8.</summary>
    Text,
}
