namespace Broker.Protocol.Wire;

/// <summary>
/// The first message on every connection. <c>Time</c> is in milliseconds since the epoch, <c>Heartbeat</c> how many
/// milliseconds of silence a client bears before it asks for a sign of life.
/// </summary>
public readonly record struct WelcomeMessage(
    string Connection, string Node, long Time, AuthState Auth, int Heartbeat, WelcomeLimits Limits)
{
    /// <summary>Left out when null.</summary>
    public string? User { get; init; }

    /// <summary>Milliseconds since the epoch; left out when null.</summary>
    public long? Expires { get; init; }

    /// <summary>A greeting; left out when null.</summary>
    public string? Message { get; init; }
}
