namespace Broker.Node.Configuration.Hocon;

/// <summary>
/// Reads a file and what it includes into one tree, not yet resolved. A documented subset of HOCON (<see cref="HoconParser"/>);
/// time is linear in the text, depth and size are bounded by <see cref="HoconLimits"/>. Not thread-safe.
/// </summary>
/// <param name="readFile">Text of a file by path; null when it is not there.</param>
internal sealed class HoconReader(Func<string, string?> readFile)
{
    /// <summary>Directory of the files inside the program; <c>include "built-in/broker.conf"</c> means one of them from anywhere.</summary>
    public const string BuiltIn = "built-in/";

    private const string NotReadable = "not found, or not readable as UTF-8 text";

    private readonly Stack<string> _open = new();
    private int _files;
    private long _characters;

    /// <summary>The first error of the last call that returned null.</summary>
    public HoconError? Error { get; private set; }

    /// <summary>Reads a file; null and <see cref="Error"/> when it is not there or wrong.</summary>
    public HoconObject? Read(string file)
    {
        Error = null;
        return readFile(file) is { } text ? ReadText(file, text) : Refuse(new HoconPosition(file, 0), NotReadable);
    }

    /// <summary>Reads text that stands for a file.</summary>
    public HoconObject? ReadText(string file, string text)
    {
        Error = null;
        return Parse(file, text, []);
    }

    private HoconObject? Parse(string file, string text, IReadOnlyList<string> prefix)
    {
        _characters += text.Length;
        if (++_files > HoconLimits.Files || _characters > HoconLimits.Characters)
        {
            return Refuse(new HoconPosition(file, 0), $"configuration is larger than {HoconLimits.Files} files or {HoconLimits.Characters} characters");
        }

        _open.Push(file);
        var cursor = new HoconCursor(file, text);
        var tree = new HoconParser(cursor, prefix, (name, position, path) => Include(file, name, position, path)).Parse();
        _open.Pop();
        Error ??= cursor.Error;
        return Error is null ? tree : null;
    }

    private HoconObject? Include(string including, string name, HoconPosition position, IReadOnlyList<string> path)
    {
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
        {
            return Refuse(position, "include: a file name is expected");
        }

        var file = Locate(including, name);
        if (_open.Any(open => Path.GetFullPath(open) == Path.GetFullPath(file)))
        {
            return Refuse(position, $"include \"{name}\": the file includes itself");
        }

        if (_open.Count >= HoconLimits.IncludeDepth)
        {
            return Refuse(position, $"include \"{name}\": more than {HoconLimits.IncludeDepth} files inside each other");
        }

        return readFile(file) is { } text ? Parse(file, text, path) : Refuse(position, $"include \"{name}\": {file} {NotReadable}");
    }

    private static string Locate(string including, string name)
    {
        if (name.StartsWith(BuiltIn, StringComparison.Ordinal))
        {
            return name;
        }

        return including.StartsWith(BuiltIn, StringComparison.Ordinal) ? BuiltIn + name : Path.Combine(Path.GetDirectoryName(including) ?? "", name);
    }

    private HoconObject? Refuse(HoconPosition position, string message)
    {
        Error ??= new HoconError(position, message);
        return null;
    }
}
