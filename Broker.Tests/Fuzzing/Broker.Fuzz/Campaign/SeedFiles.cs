using System.IO.Compression;
using System.Security.Cryptography;

namespace Broker.Fuzz.Campaign;

/// <summary>
/// Inputs in archives and in directories. Of a target <c>x</c> the archive <c>x.zip</c> is committed, and beside it the directory <c>x</c>
/// with those that were a bug once, one file each.
/// </summary>
internal static class SeedFiles
{
    // The earliest that an archive can say: the same inputs are the same bytes, whoever packs them and when.
    private static readonly DateTimeOffset Packed = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static string ArchiveOf(string seeds, string target) => Path.Combine(seeds, target + ".zip");

    /// <summary>Where the committed inputs of a target are.</summary>
    public static string[] Of(string seeds, string target) => [ArchiveOf(seeds, target), Path.Combine(seeds, target)];

    /// <summary>The inputs of archives and directories, one after the other, each in the order of its names. One that is not there has none.</summary>
    public static IReadOnlyList<(string Name, byte[] Input)> Read(IEnumerable<string> sources) =>
        [.. sources.SelectMany(static source => File.Exists(source) ? Unpack(source) : ReadDirectory(source))];

    /// <summary>Adds files to an archive under their own names, in the place of inputs of the same names. Returns how many inputs it has then.</summary>
    public static int Add(string archive, IEnumerable<string> files)
    {
        var inputs = Read([archive]).ToDictionary(static seed => seed.Name, static seed => seed.Input);
        foreach (var file in files)
        {
            inputs[Path.GetFileName(file)] = File.ReadAllBytes(file);
        }

        using var stream = File.Create(archive);
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create);
        foreach (var (name, input) in inputs.OrderBy(static seed => seed.Key, StringComparer.Ordinal))
        {
            // Git compresses what it keeps, and no two versions of a deflater need agree.
            var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
            entry.LastWriteTime = Packed;
            using var content = entry.Open();
            content.Write(input);
        }

        return inputs.Count;
    }

    /// <summary>Writes each input under the hash of its bytes, so that the same one is never there twice.</summary>
    public static void Write(string directory, IEnumerable<byte[]> inputs)
    {
        Directory.CreateDirectory(directory);
        foreach (var input in inputs)
        {
            File.WriteAllBytes(Path.Combine(directory, NameOf(input)), input);
        }
    }

    public static string NameOf(ReadOnlySpan<byte> input) => Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 6));

    private static IEnumerable<(string Name, byte[] Input)> ReadDirectory(string directory) =>
        Directory.Exists(directory)
            ? Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(static file => (Path.GetFileName(file), File.ReadAllBytes(file)))
            : [];

    private static List<(string Name, byte[] Input)> Unpack(string archive)
    {
        using var zip = ZipFile.OpenRead(archive);
        var inputs = new List<(string Name, byte[] Input)>();
        foreach (var entry in zip.Entries.OrderBy(static entry => entry.FullName, StringComparer.Ordinal))
        {
            using var content = entry.Open();
            var input = new byte[entry.Length];
            content.ReadExactly(input);
            inputs.Add((entry.FullName, input));
        }

        return inputs;
    }
}
