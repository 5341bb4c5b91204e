using Broker.Node.Configuration.Hocon;

namespace Broker.Node.Configuration;

/// <summary>Collects faults as lines <c>file:line: key: value: what is allowed</c>.</summary>
internal sealed class ConfigurationErrors
{
    private const int ShownLength = 80;

    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public bool Any => _lines.Count > 0;

    public void Add(string line) => _lines.Add(HoconError.OneLine(line));

    public void Add(HoconError error) => _lines.Add(error.ToString());

    /// <summary>A fault of a key, with where it was written when it was.</summary>
    public void Add(HoconNode? node, string key, string allowed) =>
        Add(node is null ? $"{key}: {allowed}" : $"{node.Position}: {key}: {allowed}");

    /// <summary>A value that is not allowed.</summary>
    /// <param name="node">The value.</param>
    /// <param name="key">Its full key.</param>
    /// <param name="allowed">What would be right.</param>
    /// <param name="hidden">The value is a secret and must not reach a log.</param>
    public void AddValue(HoconNode node, string key, string allowed, bool hidden = false) =>
        Add($"{node.Position}: {key}: {(hidden ? "(hidden)" : Show(node))}: {allowed}");

    private static string Show(HoconNode node) => node switch
    {
        HoconScalar { Text.Length: 0 } => "\"\"",
        HoconScalar scalar => HoconError.OneLine(scalar.Text, ShownLength),
        HoconArray => "an array",
        _ => "an object",
    };
}

/// <summary>A configuration that must not start a node; the message has one line for each error.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>File, line, key, value and what is allowed, one line each.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
