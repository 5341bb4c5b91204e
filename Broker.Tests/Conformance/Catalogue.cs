namespace Broker.Tests.Conformance;

/// <summary>
/// The cases by the numbers that public conformance suites have given them: categories 1-7, 9, 10, 12 and 13, written anew from
/// RFC 6455, RFC 7692 and RFC 3629.
/// </summary>
internal static class Catalogue
{
    private static readonly Dictionary<string, ConformanceCase> ById = All.ToDictionary(static one => one.Id);

    /// <summary>In order of category.</summary>
    public static IEnumerable<ConformanceCase> All =>
        [.. FrameCases.All, .. FragmentCases.All, .. Utf8Cases.All, .. CloseCases.All, .. LimitCases.All, .. CompressionCases.All];

    public static ConformanceCase Get(string id) => ById[id];
}
