using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>What was seen of a peer up to the end of a case.</summary>
/// <param name="Events">In order.</param>
/// <param name="Fault">A rule no case allows to break; null: none was broken.</param>
/// <param name="Close">The peer's close frame; null: none came.</param>
/// <param name="ClosedFirst">It came before the tester had sent one.</param>
/// <param name="End">The end of the connection; null: it was still open when time was up.</param>
internal sealed record Observation(IReadOnlyList<PeerEvent> Events, string? Fault, RawMessage? Close, bool ClosedFirst, RawMessage? End)
{
    /// <summary>The code of a close frame that may have none.</summary>
    public int? CloseCode => Close?.CloseCode;
}
