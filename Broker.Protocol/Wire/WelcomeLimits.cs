namespace Broker.Protocol.Wire;

/// <summary>The <c>limits</c> of <c>welcome</c>.</summary>
/// <param name="Message">Bytes of a client's message.</param>
/// <param name="Subscriptions">On this connection.</param>
/// <param name="Rate">Messages a second.</param>
/// <param name="Burst">Messages at once.</param>
public readonly record struct WelcomeLimits(int Message, int Subscriptions, int Rate, int Burst);
