using System.Security.Cryptography;

namespace Broker.Fuzz.Campaign;

/// <summary>Directories of inputs, one file each.</summary>
internal static class SeedFiles
{
    /// <summary>The inputs in the order of their files' names; what is too long is cut. A directory that is not there has none.</summary>
    public static IReadOnlyList<byte[]> Read(IEnumerable<string> directories, int maxLength) =>
    [
        .. directories
            .Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal))
            .Select(File.ReadAllBytes)
            .Select(bytes => bytes.Length > maxLength ? bytes[..maxLength] : bytes),
    ];

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
}
