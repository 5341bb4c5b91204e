namespace Broker.Tests.Conformance;

/// <param name="Steps">Read once, while they are done: a step may be made when it is due.</param>
/// <param name="Events">What the peer must do before the end: this, in this order, and nothing else.</param>
/// <param name="Ending">How it must end.</param>
internal sealed record Script(IEnumerable<Step> Steps, IReadOnlyList<PeerEvent> Events, Ending Ending)
{
    /// <summary>What the RFC allows in place of <see cref="Events"/>.</summary>
    public IReadOnlyList<PeerEvent>? Tolerated { get; init; }

    /// <summary>Whoever sends this gets it back.</summary>
    public static Script Echo(IEnumerable<Step> steps, params PeerEvent[] events) => new(steps, events, Ending.Normal);

    /// <summary>The peer must fail the connection, having done nothing for what was sent, or just what was sent before the fault.</summary>
    public static Script Fault(int code, IEnumerable<Step> steps, params PeerEvent[] before) =>
        new(steps, before, Ending.Fails(code)) { Tolerated = before.Length == 0 ? null : [] };
}
