using Broker.Tests.Checker.Making;

namespace Broker.Tests.Checker;

/// <summary>A checker that never failed proves nothing: it takes every history that may be, and none with one thing wrong.</summary>
public sealed class CheckerSpecs
{
    /// <summary>Some changes need what few histories have; this many are looked through for a place.</summary>
    private const int MostTried = 200;

    private static int Histories => Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1" ? 20_000 : 1000;

    [Fact]
    public void Histories_of_a_broker_that_is_right_pass()
    {
        var seen = new HashSet<EventKind>();
        for (var seed = 0; seed < Histories; seed++)
        {
            var history = HistoryGenerator.Make(seed);
            var violations = HistoryChecker.Check(history);
            Assert.True(violations.Count == 0, $"seed {seed}: {Describe(history, violations)}");
            seen.UnionWith(history.Select(static what => what.Kind));
        }

        Assert.Equal(Enum.GetValues<EventKind>(), seen.Order());
    }

    [Fact]
    public void Histories_with_one_thing_wrong_are_rejected_for_it()
    {
        List<string> missed = [];
        for (var i = 0; i < Histories; i++)
        {
            var (name, breaks, change) = HistoryMutator.Kinds[i % HistoryMutator.Kinds.Count];
            var (seed, draft) = Change(i, change);
            Assert.NotEqual(draft.History, draft.Changed);
            var violations = HistoryChecker.Check(draft.Changed);
            if (!violations.Any(violation => violation.Invariant == breaks))
            {
                missed.Add($"seed {seed}: {name} should break {breaks}, found {Describe(draft.Changed, violations)}");
            }
        }

        Assert.True(missed.Count == 0, $"{missed.Count} missed\n{string.Join('\n', missed.Take(20))}");
    }

    [Fact]
    public void A_violation_names_lines_and_what_should_have_been()
    {
        var history = HistoryGenerator.Make(0);
        var draft = new Draft(history, new Random(0));
        Assert.True(AnswerMutations.ForgetProbe(draft));

        var violation = Assert.Single(HistoryChecker.Check(draft.Changed));
        Assert.Equal(Invariant.Liveness, violation.Invariant);
        Assert.StartsWith("I16 Liveness, lines ", violation.ToString(), StringComparison.Ordinal);
        Assert.All(violation.Lines, line => Assert.Equal(EventKind.Fault, draft.Changed[line - 1].Kind));
    }

    private static (int Seed, Draft Draft) Change(int first, Func<Draft, bool> change)
    {
        for (var seed = first; seed < first + MostTried; seed++)
        {
            var draft = new Draft(HistoryGenerator.Make(seed), new Random(seed));
            if (change(draft))
            {
                return (seed, draft);
            }
        }

        throw new InvalidOperationException($"{change.Method.Name} finds no place in {MostTried} histories.");
    }

    private static string Describe(List<HistoryEvent> history, IReadOnlyList<Violation> violations) =>
        string.Join('\n', violations.Take(5).Select(violation => $"{violation}\n{string.Join('\n', violation.Lines.Select(line => $"  {line}: {HistoryText.Line(history[line - 1])}"))}"));
}
