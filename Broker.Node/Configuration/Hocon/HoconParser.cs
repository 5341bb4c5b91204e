using System.Text;

namespace Broker.Node.Configuration.Hocon;

/// <summary>
/// Parses the text of one file. The subset: objects, arrays, dotted and quoted keys, <c>=</c> <c>:</c> <c>{</c>, merging,
/// strings (unquoted, <c>"…"</c>, <c>"""…"""</c>) and their concatenation, comments <c>#</c> <c>//</c>, commas or line ends,
/// <c>include "file"</c>, <c>${path}</c>, <c>${?path}</c>. Everything else of HOCON is an error.
/// </summary>
internal sealed class HoconParser(HoconCursor cursor, IReadOnlyList<string> prefix, Func<string, HoconPosition, IReadOnlyList<string>, HoconObject?> include)
{
    private readonly List<string> _path = [.. prefix];

    /// <summary>The tree; null when <see cref="HoconCursor.Error"/> or the include callback has an error.</summary>
    public HoconObject? Parse()
    {
        cursor.SkipSpace();
        var root = new HoconObject(cursor.Position);
        if (cursor.Peek() != '{')
        {
            return Members(root, _path.Count, opened: null) ? root : null;
        }

        var opened = cursor.Position;
        cursor.Skip();
        if (!Members(root, _path.Count, opened))
        {
            return null;
        }

        cursor.SkipSpace();
        return cursor.AtEnd || cursor.Fail($"unexpected {Shown()} after the closing brace of the file") ? root : null;
    }

    /// <param name="into">Takes the members.</param>
    /// <param name="depth">How deep the object is.</param>
    /// <param name="opened">Where the object's brace stands; null for a file without braces.</param>
    private bool Members(HoconObject into, int depth, HoconPosition? opened)
    {
        while (true)
        {
            cursor.SkipSpace();
            if (cursor.AtEnd)
            {
                return opened is null || cursor.Fail(opened.Value, "object is never closed: '}' is missing");
            }

            if (cursor.Peek() == '}')
            {
                cursor.Skip();
                return opened is not null || cursor.Fail("'}' closes nothing");
            }

            if (!(AtInclude() ? Include(into) : Field(into, depth)) || !Separator('}'))
            {
                return false;
            }
        }
    }

    private bool AtInclude() => cursor.StartsWith("include")
        && (cursor.Peek(7) is ' ' or '\t' or '"' or '(' or '=' or ':' or '.' or '{' or '\r' or '\n' || cursor.Peek(7) == HoconCursor.End);

    private bool Include(HoconObject into)
    {
        const string Usage = "include takes one file name in quotes (file(), url(), classpath() and required() are not supported)";
        cursor.Skip("include".Length);
        cursor.SkipBlanks();
        if (cursor.Peek() != '"')
        {
            return cursor.Fail(Usage);
        }

        var position = cursor.Position;
        if (cursor.ReadQuoted() is not { } name)
        {
            return false;
        }

        if (include(name, position, [.. _path]) is not { } included)
        {
            return false;
        }

        into.Merge(included);
        return true;
    }

    private bool Field(HoconObject into, int depth)
    {
        var position = cursor.Position;
        if (Path("=, : or {") is not { } path)
        {
            return false;
        }

        if (depth + path.Count > HoconLimits.Depth)
        {
            return cursor.Fail(position, $"nested deeper than {HoconLimits.Depth}");
        }

        cursor.SkipSpace();
        var c = cursor.Peek();
        if (c is '=' or ':')
        {
            cursor.Skip();
            cursor.SkipSpace();
        }
        else if (c != '{')
        {
            var what = cursor.StartsWith("+=") ? "+= is not supported" : "expected =, : or { after the key";
            return cursor.Fail(position, $"{string.Join('.', path)}: {what}");
        }

        _path.AddRange(path);
        var value = Value(depth + path.Count, string.Join('.', path));
        _path.RemoveRange(_path.Count - path.Count, path.Count);
        if (value is null)
        {
            return false;
        }

        into.Put(path, value);
        return true;
    }

    private List<string>? Path(string after)
    {
        var path = new List<string>();
        while (true)
        {
            var segment = cursor.Peek() == '"' ? cursor.ReadQuoted() : cursor.ReadUnquoted(key: true);
            if (segment is null)
            {
                cursor.Fail(path.Count == 0 ? $"expected a key but found {Shown()}" : $"{string.Join('.', path)}.: a part of the key is missing");
                return null;
            }

            path.Add(segment);
            if (path.Count > HoconLimits.Depth)
            {
                cursor.Fail($"key has more than {HoconLimits.Depth} parts");
                return null;
            }

            if (cursor.Peek() != '.')
            {
                break;
            }

            cursor.Skip();
        }

        if (cursor.SkipBlanks() == 0 || cursor.AtComment || cursor.Peek() is '=' or ':' or '{' or '}' or '\n' or '+')
        {
            return path;
        }

        cursor.Fail($"{string.Join('.', path)}: expected {after} after the key but found {Shown()}");
        return null;
    }

    private HoconNode? Value(int depth, string key)
    {
        if (depth > HoconLimits.Depth)
        {
            cursor.Fail($"{key}: nested deeper than {HoconLimits.Depth}");
            return null;
        }

        var position = cursor.Position;
        switch (cursor.Peek())
        {
            case '{':
                cursor.Skip();
                var child = new HoconObject(position);
                return Members(child, depth, position) ? child : null;
            case '[':
                cursor.Skip();
                var array = new HoconArray(position);
                return Items(array, depth, key) ? array : null;
            default:
                return Simple(position, key);
        }
    }

    private bool Items(HoconArray into, int depth, string key)
    {
        while (true)
        {
            cursor.SkipSpace();
            if (cursor.AtEnd)
            {
                return cursor.Fail(into.Position, $"{key}: array is never closed: ']' is missing");
            }

            if (cursor.Peek() == ']')
            {
                cursor.Skip();
                return true;
            }

            if (Value(depth + 1, key) is not { } item)
            {
                return false;
            }

            into.Items.Add(item);
            if (!Separator(']'))
            {
                return false;
            }
        }
    }

    /// <summary>After a member or an item: a comma, the end of the line, or what closes.</summary>
    private bool Separator(char closing)
    {
        var ended = cursor.SkipSpace();
        if (cursor.Peek() == ',')
        {
            cursor.Skip();
            return true;
        }

        return ended || cursor.AtEnd || cursor.Peek() == closing
            || cursor.Fail($"unexpected {Shown()} after a value: a comma or a new line comes next (only strings are joined; quote what holds : = + [ or {{)");
    }

    /// <summary>A string, or strings and substitutions to be joined; blanks between them belong to the result.</summary>
    private HoconNode? Simple(HoconPosition position, string key)
    {
        var parts = new List<HoconNode>();
        var text = new StringBuilder();
        var quoted = false;
        var pieces = 0;
        while (!cursor.AtEnd)
        {
            var blanks = cursor.SkipBlanks();
            var c = cursor.Peek();
            if (cursor.AtEnd || cursor.AtComment || c is '\n' or ',' or '}' or ']')
            {
                break;
            }

            text.Append(' ', pieces == 0 ? 0 : blanks);
            pieces++;
            if (c == '$')
            {
                if (Substitution() is not { } substitution)
                {
                    return null;
                }

                Flush(parts, text, position);
                parts.Add(substitution);
                continue;
            }

            quoted |= c == '"';
            if ((c == '"' ? cursor.ReadQuoted() : cursor.ReadUnquoted(key: false)) is not { } piece)
            {
                cursor.Fail($"{key}: unexpected {Shown()} in a value: quote what holds : = [ or {{");
                return null;
            }

            text.Append(piece);
        }

        if (pieces == 0)
        {
            cursor.Fail(position, $"{key}: has no value");
            return null;
        }

        if (parts.Count == 0)
        {
            return new HoconScalar(position, text.ToString(), quoted);
        }

        Flush(parts, text, position);
        return parts.Count == 1 ? parts[0] : new HoconJoin(position, parts);
    }

    private static void Flush(List<HoconNode> parts, StringBuilder text, HoconPosition position)
    {
        if (text.Length > 0)
        {
            parts.Add(new HoconScalar(position, text.ToString(), quoted: true));
            text.Clear();
        }
    }

    private HoconSubstitution? Substitution()
    {
        var position = cursor.Position;
        if (!cursor.StartsWith("${"))
        {
            cursor.Fail("'$' starts a substitution ${key}: quote it to mean the character");
            return null;
        }

        cursor.Skip(2);
        var optional = cursor.Peek() == '?';
        cursor.Skip(optional ? 1 : 0);
        cursor.SkipBlanks();
        if (Path("}") is not { } path)
        {
            return null;
        }

        if (cursor.Peek() != '}')
        {
            cursor.Fail(position, $"substitution ${{{string.Join('.', path)} is not closed: '}}' is missing");
            return null;
        }

        cursor.Skip();
        return new HoconSubstitution(position, path, optional, prefix);
    }

    private string Shown() => cursor.AtEnd ? "the end of the file"
        : cursor.Peek() is '\n' or '\r' ? "the end of the line"
        : char.IsControl(cursor.Peek()) ? "a control character"
        : $"'{cursor.Peek()}'";
}
