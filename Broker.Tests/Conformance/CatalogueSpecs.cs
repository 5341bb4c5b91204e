using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

public sealed class CatalogueSpecs
{
    // What public suites count; without the performance and compression categories it is 247.
    private static readonly Dictionary<int, int> Counts = new()
    {
        [1] = 16,
        [2] = 11,
        [3] = 7,
        [4] = 10,
        [5] = 20,
        [6] = 145,
        [7] = 37,
        [9] = 54,
        [10] = 1,
        [12] = 90,
        [13] = 126,
    };

    [Fact]
    public void Each_case_has_one_expected_result_and_each_result_a_case()
    {
        Assert.Equal(ExpectedResults.All.Keys.Order(StringComparer.Ordinal), Catalogue.All.Select(static one => one.Id).Order(StringComparer.Ordinal));
        Assert.Equal(Counts, Catalogue.All.CountBy(static one => one.Category).ToDictionary());
        Assert.Equal(517, ExpectedResults.All.Count);
        Assert.Equal(301, Catalogue.All.Count(static one => one.Category <= 10));
    }

    [Fact]
    public void Only_a_window_nobody_can_set_is_declined_and_nothing_is_lenient()
    {
        var declined = Catalogue.All.Where(static one => ExpectedResults.Of(one.Id) == Verdict.Unimplemented).ToArray();
        Assert.Equal(36, declined.Length);
        Assert.All(declined, static one => Assert.True(one.Offer!.Contains("server_max_window_bits=9", StringComparison.Ordinal) && !one.Offer.Contains(',', StringComparison.Ordinal), one.ToString()));
        Assert.DoesNotContain(Catalogue.All, static one => ExpectedResults.Of(one.Id) == Verdict.NonStrict);
    }

    [Fact]
    public void Cases_make_their_payloads_anew_and_alike()
    {
        foreach (var one in Catalogue.All.Where(static one => one.Category is < 9 or 10))
        {
            Assert.Equal(one.Script().Events, one.Script().Events);
            Assert.NotEmpty(one.Title);
        }
    }

    [Fact]
    public void Documentation_has_the_counts_of_the_catalogue()
    {
        var lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "CONFORMANCE.md"));
        foreach (var (category, count) in Counts)
        {
            var cases = Catalogue.All.Where(one => one.Category == category).ToArray();
            var declined = cases.Count(static one => ExpectedResults.Of(one.Id) == Verdict.Unimplemented);
            var row = Assert.Single(lines, line => line.StartsWith($"| {category} |", StringComparison.Ordinal));
            Assert.EndsWith($"| {count} | {count - declined} | {declined} |", row, StringComparison.Ordinal);
        }
    }
}
