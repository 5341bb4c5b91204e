using System.Text;
using Broker.Node.Topics;
using CsCheck;

namespace Broker.Tests.Topics;

public sealed class TopicPatternSpecs
{
    private static readonly Gen<string> Names = Gen.OneOf("a", "b", "ab", "c:1").Array[1, 5].Select(tokens => string.Join('.', tokens));

    private static readonly Gen<string> Patterns =
        Gen.Select(Gen.OneOf("a", "b", "ab", "*", "*").Array[1, 4], Gen.Int[0, 3])
            .Select((tokens, end) => string.Join('.', end == 0 ? [.. tokens[..^1], ">"] : tokens));

    private static readonly string[] Tokens = ["a", "b", "ab", "z"];
    private static readonly string[] EachShape = ["a.b.c", "a.b.>", "a.*.c"];

    // Every name of up to five tokens over what the patterns name, and one token they do not.
    private static readonly string[] Universe = [.. Enumerable.Range(1, 5).SelectMany(static length => Combine(length))];

    [Theory]
    [InlineData("a")]
    [InlineData("*")]
    [InlineData(">")]
    [InlineData("a.*.b")]
    [InlineData("*.*.>")]
    [InlineData("a.>")]
    public void Pattern_is_parsed_and_keeps_its_text(string text)
    {
        Assert.True(TopicPattern.TryParse(text, out var pattern));
        Assert.Equal(text, pattern.ToString());
        Assert.Equal(!text.Contains('*', StringComparison.Ordinal) && !text.Contains('>', StringComparison.Ordinal), pattern.IsName);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData(">.a")]
    [InlineData("a.>.b")]
    [InlineData("a>")]
    [InlineData("a*")]
    [InlineData("**")]
    [InlineData(">>")]
    [InlineData("a.>.")]
    [InlineData("#")]
    [InlineData("$user")]
    [InlineData("$sys.>")]
    [InlineData("{user}")]
    [InlineData("é")]
    [InlineData("\ud800")]
    public void Anything_else_is_not_a_pattern(string text) => Assert.False(TopicPattern.TryParse(text, out _));

    [Fact]
    public void Pattern_has_at_most_255_bytes()
    {
        Assert.True(TopicPattern.TryParse(new string('a', 253) + ".>", out _));
        Assert.False(TopicPattern.TryParse(new string('a', 254) + ".>", out _));
        Assert.False(TopicPattern.TryParse(new string('é', 255), out _));
        Assert.False(TopicPattern.TryParse(new string('a', 100_000), out _));
    }

    [Theory]
    [InlineData("a.b", "a.b", true)]
    [InlineData("a.b", "A.b", false)]
    [InlineData("a.*", "a.b", true)]
    [InlineData("a.*", "a", false)]
    [InlineData("a.*", "a.b.c", false)]
    [InlineData("a.>", "a.b.c", true)]
    [InlineData("a.>", "a", false)]
    [InlineData("a.>", "ab.c", false)]
    [InlineData(">", "a", true)]
    [InlineData("*", "a.b", false)]
    [InlineData("*.>", "a", false)]
    [InlineData("*.b.>", "a.b.c", true)]
    [InlineData(">", "$user", false)]
    [InlineData("*", "$user", false)]
    public void Wildcards_stand_for_whole_tokens(string pattern, string topic, bool matches) =>
        Assert.Equal(matches, Parse(pattern).Matches(Encoding.UTF8.GetBytes(topic)));

    [Fact]
    public void Matching_agrees_with_a_model_that_splits_strings() =>
        Gen.Select(Patterns, Names).Sample(
            (pattern, name) => Parse(pattern).Matches(Encoding.UTF8.GetBytes(name)) == ModelMatches(pattern, name),
            iter: 100_000);

    [Fact]
    public void Overlap_agrees_with_trying_every_name() =>
        Gen.Select(Patterns, Patterns).Sample(
            (left, right) => Parse(left).Overlaps(Parse(right)) == Universe.Any(name => ModelMatches(left, name) && ModelMatches(right, name)),
            iter: 2_000);

    [Fact]
    public void Covering_agrees_with_trying_every_name() =>
        Gen.Select(Patterns, Patterns).Sample(
            (wide, narrow) => Parse(wide).Covers(Parse(narrow)) == Universe.All(name => !ModelMatches(narrow, name) || ModelMatches(wide, name)),
            iter: 2_000);

    [Fact]
    public void Matching_allocates_nothing()
    {
        var patterns = EachShape.Select(Parse).ToArray();
        var matched = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            foreach (var pattern in patterns)
            {
                matched += pattern.Matches("a.b.c"u8) ? 1 : 0;
            }
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(3000, matched);
    }

    internal static bool ModelMatches(string pattern, string name)
    {
        var expected = pattern.Split('.');
        var tokens = name.Split('.');
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i] == ">")
            {
                return tokens.Length > i;
            }

            if (i >= tokens.Length || (expected[i] != "*" && expected[i] != tokens[i]))
            {
                return false;
            }
        }

        return tokens.Length == expected.Length;
    }

    private static TopicPattern Parse(string text) =>
        TopicPattern.TryParse(text, out var pattern) ? pattern : throw new ArgumentException(text);

    private static IEnumerable<string> Combine(int length) =>
        length == 1 ? Tokens : Combine(length - 1).SelectMany(static rest => Tokens.Select(token => $"{token}.{rest}"));
}
