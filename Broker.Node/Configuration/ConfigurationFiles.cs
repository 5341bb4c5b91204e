using System.Reflection;
using System.Text;
using Broker.Node.Configuration.Hocon;

namespace Broker.Node.Configuration;

/// <summary>Where configuration text comes from: files, and those inside the program under <see cref="HoconReader.BuiltIn"/>.</summary>
/// <param name="readFile">Text of a file by path, null when it is not there; null reads the disk.</param>
internal sealed class ConfigurationFiles(Func<string, string?>? readFile)
{
    private readonly HashSet<string> _shipped = new(StringComparer.Ordinal);
    private readonly Func<string, string?> _readFile = readFile ?? ReadDisk;

    /// <summary>Text of a file; null when it is not there or not UTF-8.</summary>
    public string? Read(string path)
    {
        var builtIn = BuiltIn(Path.GetFileName(path));
        var text = path.StartsWith(HoconReader.BuiltIn, StringComparison.Ordinal) ? builtIn : _readFile(path);
        if (text is not null && text == builtIn)
        {
            _shipped.Add(path);
        }

        return text;
    }

    /// <summary>Whether a file was read that we ship.</summary>
    public bool AnyShipped => _shipped.Count > 0;

    /// <summary>Whether a file that was read is one we ship, inside the program or as an unchanged copy: nobody chose what it says.</summary>
    public bool IsShipped(string path) => _shipped.Contains(path);

    /// <summary>Text of a file inside the program; null when there is none of that name.</summary>
    public static string? BuiltIn(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("hocon/" + name);
        if (stream is null)
        {
            return null;
        }

        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static string? ReadDisk(string path)
    {
        try
        {
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            var text = new char[HoconLimits.Characters + 1];
            return new string(text, 0, reader.ReadBlock(text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
