namespace Broker.Tests.Conformance;

/// <summary>RFC 6455 over TLS: one case of each group but those about long messages, all of them where <c>BROKER_TESTS_FULL=1</c>.</summary>
public sealed class SecureConformanceSpecs(ConformanceNode.Secure node) : IClassFixture<ConformanceNode.Secure>
{
    public static IEnumerable<TheoryDataRow<string>> Cases
    {
        get
        {
            var cases = Catalogue.All.Where(static one => one.Category <= 10);
            return (Exchange.Full ? cases : cases.Where(static one => one.Category != 9).DistinctBy(Group)).Select(static one => new TheoryDataRow<string>(one.Id));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Conforms_over_TLS(string @case) => node.ConformsAsync(@case);

    /// <summary>The same cases as streams of HTTP/2 connections (RFC 8441).</summary>
    public sealed class OverHttp2(ConformanceNode.Http2 node) : IClassFixture<ConformanceNode.Http2>
    {
        [Theory]
        [MemberData(nameof(Cases), MemberType = typeof(SecureConformanceSpecs))]
        public Task Conforms_over_HTTP2(string @case) => node.ConformsAsync(@case);
    }

    [Fact]
    public Task Bursts_of_ten_pings_are_answered_one_by_one_over_TLS() => FramingSpecs.BurstsAsync(node.Node);

    private static string Group(ConformanceCase one) => one.Id[..one.Id.LastIndexOf('.')];
}
