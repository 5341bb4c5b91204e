using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Broker.Node.Topics;

/// <summary>
/// A topic pattern: a topic name in which <c>*</c> may stand for one token and <c>&gt;</c>, as the last token only,
/// for one or more. A pattern without either is the name itself.
/// </summary>
/// <remarks>Immutable and thread-safe; nothing here allocates after parsing. Reserved names are matched by no pattern.</remarks>
internal sealed class TopicPattern
{
    private readonly byte[] _utf8;
    private readonly Shape _shape;

    private TopicPattern(byte[] utf8, Shape shape)
    {
        _utf8 = utf8;
        _shape = shape;
    }

    private enum Shape : byte
    {
        Name,
        Prefix,
        Tokens,
    }

    /// <summary>Whether the pattern has no wildcard.</summary>
    public bool IsName => _shape == Shape.Name;

    /// <summary>The pattern as written.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    /// <summary>Whether a topic that somebody asks for is meant as a pattern; it may be none that is legal.</summary>
    public static bool HasWildcard(ReadOnlySpan<byte> utf8) => utf8.IndexOfAny((byte)'*', (byte)'>') >= 0;

    public static bool TryParse(string text, [NotNullWhen(true)] out TopicPattern? pattern)
    {
        pattern = null;
        if (text.Length > TopicName.MaxLength)
        {
            return false;
        }

        // A character outside ASCII becomes bytes of which none is legal in a token.
        Span<byte> utf8 = stackalloc byte[3 * TopicName.MaxLength];
        return TryParse(utf8[..Encoding.UTF8.GetBytes(text, utf8)], out pattern);
    }

    public static bool TryParse(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out TopicPattern? pattern)
    {
        pattern = null;
        if (utf8.IsEmpty || utf8.Length > TopicName.MaxLength || utf8[^1] == (byte)'.')
        {
            return false;
        }

        var stars = 0;
        var tail = false;
        for (var rest = utf8; !rest.IsEmpty;)
        {
            var token = Take(ref rest);
            if (token.SequenceEqual("*"u8))
            {
                stars++;
            }
            else if (token.SequenceEqual(">"u8) && rest.IsEmpty)
            {
                tail = true;
            }
            else if (!TopicName.IsToken(token))
            {
                return false;
            }
        }

        var shape = stars > 0 ? Shape.Tokens : tail ? Shape.Prefix : Shape.Name;
        pattern = new TopicPattern(utf8.ToArray(), shape);
        return true;
    }

    /// <summary>Takes the first token off. No legal name or pattern has an empty one, so an empty rest means the end.</summary>
    public static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest)
    {
        var dot = rest.IndexOf((byte)'.');
        var token = dot < 0 ? rest : rest[..dot];
        rest = dot < 0 ? default : rest[(dot + 1)..];
        return token;
    }

    /// <summary>Whether a name (legal by <see cref="TopicName.IsValid"/>, or reserved) is matched.</summary>
    public bool Matches(ReadOnlySpan<byte> topic)
    {
        if (topic.IsEmpty || TopicName.IsReserved(topic))
        {
            return false;
        }

        return _shape switch
        {
            Shape.Name => topic.SequenceEqual(_utf8),
            // "a.b.>" matches whatever goes on after "a.b."; ">" alone matches everything.
            Shape.Prefix => topic.Length >= _utf8.Length && topic.StartsWith(_utf8.AsSpan(0, _utf8.Length - 1)),
            _ => MatchesTokens(_utf8, topic),
        };
    }

    /// <summary>
    /// Whether some name could be matched by both. The bound on a name's length is not considered: at worst the
    /// answer is true for two patterns whose common names would all be too long.
    /// </summary>
    public bool Overlaps(TopicPattern other)
    {
        ReadOnlySpan<byte> left = _utf8;
        ReadOnlySpan<byte> right = other._utf8;
        while (!left.IsEmpty && !right.IsEmpty)
        {
            var a = Take(ref left);
            var b = Take(ref right);
            if (a[0] == (byte)'>' || b[0] == (byte)'>')
            {
                return true;
            }

            if (a[0] != (byte)'*' && b[0] != (byte)'*' && !a.SequenceEqual(b))
            {
                return false;
            }
        }

        return left.IsEmpty && right.IsEmpty;
    }

    /// <summary>Whether every name matched by <paramref name="other"/> is matched by this pattern.</summary>
    public bool Covers(TopicPattern other)
    {
        ReadOnlySpan<byte> wide = _utf8;
        ReadOnlySpan<byte> narrow = other._utf8;
        while (!wide.IsEmpty && !narrow.IsEmpty)
        {
            var a = Take(ref wide);
            var b = Take(ref narrow);
            if (a[0] == (byte)'>')
            {
                return true;
            }

            if (b[0] == (byte)'>' || (a[0] != (byte)'*' && !a.SequenceEqual(b)))
            {
                return false;
            }
        }

        return wide.IsEmpty && narrow.IsEmpty;
    }

    public override string ToString() => Encoding.ASCII.GetString(_utf8);

    private static bool MatchesTokens(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> topic)
    {
        while (!pattern.IsEmpty && !topic.IsEmpty)
        {
            var expected = Take(ref pattern);
            if (expected[0] == (byte)'>')
            {
                return true;
            }

            var token = Take(ref topic);
            if (expected[0] != (byte)'*' && !expected.SequenceEqual(token))
            {
                return false;
            }
        }

        return pattern.IsEmpty && topic.IsEmpty;
    }
}
