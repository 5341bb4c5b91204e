namespace Broker.Tests.Conformance;

/// <summary>
/// Every case over a plain socket against <c>/echo</c>. In the short form the cases that repeat a message repeat it less often
/// (<see cref="Exchange"/>); <c>BROKER_TESTS_FULL=1</c> sends all 1,000.
/// </summary>
public sealed class ConformanceSpecs(ConformanceNode node) : IClassFixture<ConformanceNode>
{
    public static IEnumerable<TheoryDataRow<string>> Cases => Catalogue.All.Select(static one => new TheoryDataRow<string>(one.Id));

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Conforms(string @case) => node.ConformsAsync(@case);
}
