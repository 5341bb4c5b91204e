using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>The committed result of each case: a verdict, and behind it the reason in one line where it is not OK.</summary>
internal static class ExpectedResults
{
    /// <summary>By number, in the order of the file.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } =
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(SourceTree.Root, "Broker.Tests", "Conformance", "expected-results.json")))!;

    /// <exception cref="FormatException">The file has a word that is no verdict, or no reason.</exception>
    public static Verdict Of(string id)
    {
        var parts = All[id].Split(": ", 2);
        return (parts[0], parts.Length) switch
        {
            ("OK", 1) => Verdict.Ok,
            ("NON-STRICT", 2) => Verdict.NonStrict,
            ("UNIMPLEMENTED", 2) => Verdict.Unimplemented,
            _ => throw new FormatException($"{id}: {All[id]}"),
        };
    }
}
