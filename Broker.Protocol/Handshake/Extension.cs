namespace Broker.Protocol.Handshake;

/// <summary>One element of <c>Sec-WebSocket-Extensions</c>.</summary>
/// <param name="Name">The extension's token; empty where there was none.</param>
/// <param name="Parameters">Names and values as they came, quoted values without their quotes; null for no value.</param>
/// <param name="IsWellFormed">Whether it keeps to the grammar; else what it says is not to be used.</param>
internal sealed record Extension(string Name, IReadOnlyList<(string Name, string? Value)> Parameters, bool IsWellFormed);
