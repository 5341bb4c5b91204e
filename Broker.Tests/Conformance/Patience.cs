namespace Broker.Tests.Conformance;

/// <summary>How long a tester waits for a peer that does nothing.</summary>
/// <param name="Failure">Starts the time in which a peer fails a connection at the byte that is wrong.</param>
/// <param name="Case">Ends when the whole case must be over.</param>
internal sealed record Patience(Func<CancellationToken> Failure, CancellationToken Case);
