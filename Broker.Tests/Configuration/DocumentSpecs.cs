using System.Text.RegularExpressions;
using Broker.Tests.Support;

namespace Broker.Tests.Configuration;

/// <summary>README and the pages below <c>docs</c>: short enough, without links to nowhere, and of one mind about ports.</summary>
public sealed partial class DocumentSpecs
{
    private static readonly string Docs = Path.Combine(SourceTree.Root, "docs");

    private static readonly string Readme = Path.Combine(SourceTree.Root, "README.md");

    private static IEnumerable<string> Pages => Directory.EnumerateFiles(Docs, "*.md", SearchOption.AllDirectories).Append(Readme).Order(StringComparer.Ordinal);

    [Fact]
    public void Readme_has_at_most_130_lines() => Assert.InRange(File.ReadAllLines(Readme).Length, 1, 130);

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_to_a_heading_of_it()
    {
        var links =
            from page in Pages
            from link in Link().Matches(CodeSpan().Replace(Prose(page), "")).Select(static match => match.Groups[1].Value)
            where !link.Contains(':', StringComparison.Ordinal)
            select (Page: page, Link: link);
        Assert.NotEmpty(links);
        Assert.Equal("", string.Join("\n", links.Where(static one => !Leads(one.Page, one.Link)).Select(static one => $"{Path.GetRelativePath(SourceTree.Root, one.Page)}: {one.Link}")));
    }

    [Fact]
    public void Every_decision_is_linked_from_the_architecture_page()
    {
        var architecture = File.ReadAllText(Path.Combine(Docs, "ARCHITECTURE.md"));
        var decisions = Directory.EnumerateFiles(Path.Combine(Docs, "adr")).Select(Path.GetFileName).ToList();
        Assert.NotEmpty(decisions);
        Assert.All(decisions, decision => Assert.Contains($"(adr/{decision})", architecture, StringComparison.Ordinal));
    }

    /// <summary>Who copies one node from here and the next from there has one cluster.</summary>
    [Fact]
    public void The_same_three_nodes_have_the_same_ports_everywhere()
    {
        var shown = Pages.Append(Path.Combine(SourceTree.Root, "hocon", "cluster.conf"))
            .Select(static file => string.Join("\n", Node().Matches(File.ReadAllText(file)).Select(static match => match.Value)))
            .Where(static nodes => nodes.Length > 0)
            .ToList();
        Assert.Equal(3, shown.Count);
        Assert.Single(shown.Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("## In the log", "in-the-log")]
    [InlineData("### The fence: what a node may still promise", "the-fence-what-a-node-may-still-promise")]
    [InlineData("# 003: Lanes over `pub/sub`, not Akka.Delivery's", "003-lanes-over-pubsub-not-akkadeliverys")]
    public void Anchors_are_those_of_the_viewer(string heading, string anchor) => Assert.Equal([anchor], Anchors(heading));

    private static bool Leads(string page, string link)
    {
        var (path, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, null);
        var target = path.Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, path));
        return File.Exists(target) && (anchor is null || Anchors(Prose(target)).Contains(anchor, StringComparer.Ordinal));
    }

    private static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(text).Select(static match => NoAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>A page without its blocks of code, where a # is no heading.</summary>
    private static string Prose(string page) => Block().Replace(File.ReadAllText(page), "");

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@"--port \d+ --cluster-port \d+(?: --seed \S+)+")]
    private static partial Regex Node();
}
