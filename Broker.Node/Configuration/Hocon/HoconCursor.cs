using System.Globalization;
using System.Text;

namespace Broker.Node.Configuration.Hocon;

/// <summary>A place in the text of one file: white space, comments, strings. Holds the first error; after it every method fails.</summary>
internal sealed class HoconCursor(string file, string text)
{
    public const char End = '\0';

    private int _at = text.StartsWith('\uFEFF') ? 1 : 0;
    private int _line = 1;

    public HoconError? Error { get; private set; }

    public HoconPosition Position => new(file, _line);

    /// <summary>The next character; <see cref="End"/> after the last (a NUL in the text is refused where it stands).</summary>
    public char Peek(int ahead = 0) => _at + ahead < text.Length ? text[_at + ahead] : End;

    public bool AtEnd => _at >= text.Length;

    public void Skip(int count = 1) => _at += count;

    public bool StartsWith(string value) => string.CompareOrdinal(text, _at, value, 0, value.Length) == 0;

    public bool Fail(HoconPosition position, string message)
    {
        Error ??= new HoconError(position, message);
        return false;
    }

    public bool Fail(string message) => Fail(Position, message);

    /// <summary>Skips blanks and tabs.</summary>
    public int SkipBlanks()
    {
        var start = _at;
        while (!AtEnd && IsBlank(Peek()))
        {
            _at++;
        }

        return _at - start;
    }

    /// <summary>Skips white space, line ends and comments; true when a line ended.</summary>
    public bool SkipSpace()
    {
        var ended = false;
        while (!AtEnd)
        {
            var c = Peek();
            if (c == '\n')
            {
                _line++;
                _at++;
                ended = true;
            }
            else if (IsBlank(c))
            {
                _at++;
            }
            else if (AtComment)
            {
                var end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end;
            }
            else
            {
                break;
            }
        }

        return ended;
    }

    public bool AtComment => Peek() == '#' || (Peek() == '/' && Peek(1) == '/');

    /// <summary>Reads characters up to one that cannot stand in an unquoted string; null and no error when there is none.</summary>
    /// <param name="key">Keys also end at a dot.</param>
    public string? ReadUnquoted(bool key)
    {
        var start = _at;
        while (!AtEnd && !AtComment && IsUnquoted(Peek(), key))
        {
            _at++;
        }

        return _at > start ? text[start.._at] : null;
    }

    /// <summary>Reads a string in one or three quotes; null with an error when it does not end or has a bad escape.</summary>
    public string? ReadQuoted() => StartsWith("\"\"\"") ? ReadTripleQuoted() : ReadSingleQuoted();

    private string? ReadTripleQuoted()
    {
        var opened = Position;
        var start = _at + 3;
        var end = text.IndexOf("\"\"\"", start, StringComparison.Ordinal);
        if (end < 0)
        {
            Fail(opened, "string in three quotes never ends");
            return null;
        }

        // Quotes beyond three at the end belong to the string, as in HOCON elsewhere.
        while (end + 3 < text.Length && text[end + 3] == '"')
        {
            end++;
        }

        var value = text[start..end];
        _line += value.AsSpan().Count('\n');
        _at = end + 3;
        return value;
    }

    private string? ReadSingleQuoted()
    {
        var value = new StringBuilder();
        for (_at++; !AtEnd; _at++)
        {
            var c = Peek();
            if (c == '"')
            {
                _at++;
                return Paired(value.ToString());
            }

            if (c == '\\')
            {
                _at++;
                if (!ReadEscape(value))
                {
                    return null;
                }
            }
            else if (c < ' ' && c != '\t')
            {
                Fail(c == '\n' || c == '\r' ? "string is not closed on its line" : "control character in a string");
                return null;
            }
            else
            {
                value.Append(c);
            }
        }

        Fail("string is not closed");
        return null;
    }

    private bool ReadEscape(StringBuilder value)
    {
        const string Escapes = "\"\\/bfnrt";
        const string Meanings = "\"\\/\b\f\n\r\t";
        var c = Peek();
        var known = Escapes.IndexOf(c, StringComparison.Ordinal);
        if (known >= 0 && !AtEnd)
        {
            value.Append(Meanings[known]);
            return true;
        }

        if (c == 'u' && _at + 4 < text.Length
            && ushort.TryParse(text.AsSpan(_at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
        {
            value.Append((char)unit);
            _at += 4;
            return true;
        }

        return Fail("bad escape in a string: allowed are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    }

    private string? Paired(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsSurrogatePair(value, i))
            {
                i++;
            }
            else if (char.IsSurrogate(value[i]))
            {
                Fail("lone surrogate in a string");
                return null;
            }
        }

        return value;
    }

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\u00A0';

    private static bool IsUnquoted(char c, bool key) => c switch
    {
        '$' or '"' or '{' or '}' or '[' or ']' or ':' or '=' or ',' or '#' => false,
        '.' or '+' or '*' or '?' or '!' or '@' or '&' or '^' or '\\' or '`' => !key,
        _ => c > ' ' && c != '\u007F' && c != '\u00A0' && c != '\uFEFF',
    };
}
