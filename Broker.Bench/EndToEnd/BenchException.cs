namespace Broker.Bench.EndToEnd;

/// <summary>What keeps a measurement from being made, in words for whoever reads the report.</summary>
internal sealed class BenchException(string message) : Exception(message);
