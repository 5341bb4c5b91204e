namespace Broker.Tests.Checker.Rules;

/// <summary>Gathers what rules find.</summary>
internal sealed class Report
{
    private readonly List<Violation> _violations = [];

    public IReadOnlyList<Violation> Violations => _violations;

    /// <param name="lines">Counted from 0.</param>
    public void Add(Invariant invariant, string what, params IEnumerable<int> lines) =>
        _violations.Add(new Violation(invariant, [.. lines.Order().Select(static line => line + 1)], what));

    public void Require(bool holds, Invariant invariant, string what, params IEnumerable<int> lines)
    {
        if (!holds)
        {
            Add(invariant, what, lines);
        }
    }
}
