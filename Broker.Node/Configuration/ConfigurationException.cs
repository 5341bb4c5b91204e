namespace Broker.Node.Configuration;

/// <summary>A configuration that must not start a node; the message has one line for each error.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>File, line, key, value and what is allowed, one line each.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
