using System.Text;
using Broker.Fuzz.Engine;
using Broker.Node.Topics;

namespace Broker.Fuzz.Targets;

/// <summary>Names and patterns, three at a time, against matching by lists of tokens, one by one and in a tree; and what must hold between matching, covering and overlapping.</summary>
internal sealed class TopicTarget : FuzzTarget
{
    public override string Name => "topic";

    public override int MaxLength => 600;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        Tokens("\n", ".", "*", ">", "*.", ".>", ".*.", "a", "a.b", "chat.room-1", "$user", "$", "_:@-", "..", " ", "\u00c3\u00a9", "\0", "a.b.c\na.*.c\na.>");

    public override void Run(ReadOnlySpan<byte> input)
    {
        var one = Line(ref input);
        var two = Line(ref input);
        var three = Line(ref input);
        var name = CheckName(one);
        var wide = CheckPattern(two);
        var narrow = CheckPattern(three);
        CheckPattern(one);
        foreach (var pattern in (ReadOnlySpan<TopicPattern?>)[wide, narrow])
        {
            if (pattern is null)
            {
                continue;
            }

            Promise.Holds(pattern.Covers(pattern) && pattern.Overlaps(pattern), "a pattern that does not cover itself");
            Promise.Holds(!name || pattern.Matches(one) == Matches(Split(pattern.Utf8), Split(one)), "a match that differs");
        }

        if (wide is not null && narrow is not null)
        {
            CheckBetween(wide, narrow, name ? one : default);
            CheckTree(wide, narrow, name ? one : default);
        }
    }

    private static bool CheckName(ReadOnlySpan<byte> bytes)
    {
        var expected = bytes.Length is >= 1 and <= 255 && Array.TrueForAll(Split(bytes), IsToken);
        Promise.Holds(TopicName.IsValid(bytes) == expected, "a name judged wrongly");
        Promise.Holds(!expected || !TopicName.IsReserved(bytes), "a name both legal and reserved");
        Promise.Holds(TopicName.Lane(TopicName.Hash(bytes), 7) is >= 0 and < 7, "a lane there is not");
        return expected;
    }

    private static TopicPattern? CheckPattern(ReadOnlySpan<byte> bytes)
    {
        var tokens = Split(bytes);
        var expected = bytes.Length is >= 1 and <= 255
            && tokens.Select((token, i) => token == "*" || (token == ">" && i == tokens.Length - 1) || IsToken(token)).All(good => good);
        var parsed = TopicPattern.TryParse(bytes, out var pattern);
        Promise.Holds(parsed == expected, "a pattern judged wrongly");
        Promise.Holds(TopicPattern.TryParse(Encoding.Latin1.GetString(bytes), out var again) == expected, "a pattern as text judged differently");
        Promise.Holds(!parsed || (pattern!.Utf8.SequenceEqual(bytes) && again!.Utf8.SequenceEqual(bytes)), "a pattern that was changed");
        Promise.Holds(!parsed || pattern!.IsName == TopicName.IsValid(bytes), "a name that is a pattern, or the reverse");
        Promise.Holds(!parsed || !pattern!.IsName || pattern.Matches(bytes), "a name that does not match itself");
        return pattern;
    }

    private static void CheckBetween(TopicPattern wide, TopicPattern narrow, ReadOnlySpan<byte> name)
    {
        var covers = wide.Covers(narrow);
        Promise.Holds(wide.Overlaps(narrow) == narrow.Overlaps(wide), "overlapping in one direction");
        Promise.Holds(!covers || wide.Overlaps(narrow), "covering without overlapping");
        Promise.Holds(!narrow.IsName || covers == wide.Matches(narrow.Utf8), "covering a name without matching it");
        if (!name.IsEmpty)
        {
            Promise.Holds(!covers || !narrow.Matches(name) || wide.Matches(name), "covered but not matched");
            Promise.Holds(!wide.Matches(name) || !narrow.Matches(name) || wide.Overlaps(narrow), "matched by both without overlapping");
        }
    }

    private static void CheckTree(TopicPattern one, TopicPattern two, ReadOnlySpan<byte> name)
    {
        var tree = new PatternTree<string>();
        tree.Set(one.Utf8, one.ToString());
        tree.Set(two.Utf8, two.ToString());
        var found = new List<string>();
        tree.Find(name, found);
        var same = one.Utf8.SequenceEqual(two.Utf8);
        Promise.Holds(tree.Count == (same ? 1 : 2), "a tree that counts wrongly");
        Promise.Holds(found.Contains(one.ToString()) == one.Matches(name) && found.Contains(two.ToString()) == two.Matches(name), "a tree that finds otherwise");
        Promise.Holds(found.Count == found.Distinct().Count(), "a tree that finds twice");
        tree.Remove(one.Utf8);
        tree.Remove(two.Utf8);
        found.Clear();
        tree.Find(name, found);
        Promise.Holds(tree.Count == 0 && found.Count == 0, "a tree that keeps what was removed");
    }

    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> name) =>
        pattern.IsEmpty ? name.IsEmpty
        : !name.IsEmpty && (pattern[0] == ">" || ((pattern[0] == "*" || pattern[0] == name[0]) && Matches(pattern[1..], name[1..])));

    private static string[] Split(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes).Split('.');

    private static bool IsToken(string token) => token.Length > 0 && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':' or '@' or '-');

    private static ReadOnlySpan<byte> Line(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return line;
    }
}
