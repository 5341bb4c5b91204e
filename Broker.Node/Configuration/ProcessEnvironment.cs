using System.Collections;

namespace Broker.Node.Configuration;

internal static class ProcessEnvironment
{
    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> Variables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(static e => (string)e.Key, static e => (string?)e.Value ?? "", StringComparer.Ordinal);
}
