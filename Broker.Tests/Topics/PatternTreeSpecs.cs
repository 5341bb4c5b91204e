using System.Text;
using Broker.Node.Topics;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Topics;

public sealed class PatternTreeSpecs
{
    private static readonly Gen<string> Names = Gen.OneOf("a", "b", "c").Array[1, 5].Select(tokens => string.Join('.', tokens));

    private static readonly Gen<string> Patterns =
        Gen.Select(Gen.OneOf("a", "b", "*").Array[1, 4], Gen.Bool)
            .Select((tokens, tail) => string.Join('.', tail ? [.. tokens[..^1], ">"] : tokens));

    [Fact]
    public void Tree_finds_what_matches_one_by_one_whatever_was_removed_before() =>
        Gen.Select(Patterns.Array[0, 30], Patterns.Array[0, 15], Names.Array[1, 10]).Sample(
            (added, removed, names) =>
            {
                var tree = new PatternTree<string>();
                foreach (var pattern in added)
                {
                    tree.Set(Bytes(pattern), pattern);
                }

                foreach (var pattern in removed)
                {
                    tree.Remove(Bytes(pattern));
                }

                var left = added.Distinct().Except(removed).ToList();
                return tree.Count == left.Count && names.All(name =>
                    Found(tree, name).Order(StringComparer.Ordinal).SequenceEqual(left.Where(pattern => TopicPatternSpecs.ModelMatches(pattern, name)).Order(StringComparer.Ordinal)));
            },
            iter: 20_000);

    [Fact]
    public void Value_that_is_set_again_takes_the_place_of_the_former()
    {
        var tree = new PatternTree<string>();
        tree.Set("a.>"u8, "first");
        tree.Set("a.>"u8, "second");

        Assert.Equal(1, tree.Count);
        Assert.Equal(["second"], Found(tree, "a.b"));
    }

    [Theory]
    [InlineData("$user")]
    [InlineData("$sys.a")]
    [InlineData("")]
    [InlineData("a..b")]
    public void Reserved_and_impossible_names_are_found_by_no_pattern(string name)
    {
        var tree = new PatternTree<string>();
        tree.Set("*"u8, "one");
        tree.Set("*.a"u8, "two");
        tree.Set("a.*.b"u8, "three");
        if (name != "a..b")
        {
            tree.Set(">"u8, "all");
        }

        Assert.Empty(Found(tree, name).Except(["three"]));
    }

    [Fact]
    public void Finding_allocates_nothing()
    {
        var tree = new PatternTree<string>();
        tree.Set("chat.*"u8, "chat.*");
        tree.Set("chat.>"u8, "chat.>");
        tree.Set("orders.>"u8, "orders.>");
        var found = new List<string>(4);
        Action find = () =>
        {
            found.Clear();
            tree.Find("chat.room-1"u8, found);
        };
        find();

        Assert.Equal(2, found.Count);
        Assert.Equal(0, ThreadAllocation.Least(find));
    }

    private static List<string> Found(PatternTree<string> tree, string name)
    {
        var found = new List<string>();
        tree.Find(Bytes(name), found);
        return found;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
