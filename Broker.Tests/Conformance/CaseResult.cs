namespace Broker.Tests.Conformance;

/// <param name="Verdict">What the case says of the peer.</param>
/// <param name="Reason">Why, in one line; "" where it is <see cref="Verdict.Ok"/>.</param>
/// <param name="Trace">What was sent and received.</param>
internal sealed record CaseResult(Verdict Verdict, string Reason, string Trace)
{
    public override string ToString() => $"{Verdict} {Reason}\n{Trace}";
}
