using Broker.Node.Configuration.Options;

namespace Broker.Node.Configuration;

/// <summary>Flags of <c>token</c>.</summary>
internal sealed record TokenCommandOptions
{
    /// <summary>Configuration with the key; null: the built-in <c>broker.conf</c>.</summary>
    public string? Config { get; init; }

    /// <summary>Subject; null: none.</summary>
    public string? User { get; init; }

    public RightsOptions Rights { get; init; } = new();

    public TimeSpan Life { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Which of several keys signs; null: the first that can.</summary>
    public string? KeyId { get; init; }
}
