using System.Text;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Topics;
using Broker.Tests.Topics;
using CsCheck;

namespace Broker.Tests.Auth;

public sealed class RightsSpecs
{
    private static readonly Gen<string[]> Rules =
        Gen.OneOf("a", "b", "a.b", "a.*", "*.b", "a.>", ">", "a.*.c", "a.b.c", "*").Array[0, 4];

    /// <summary>What a connection may do with a topic: the options that allow it where a list says so, and the question.</summary>
    private static readonly (Func<string[], RightsOptions> Allow, Func<Rights, byte[], bool> Ask)[] Each =
    [
        (static list => new RightsOptions { Subscribe = list }, static (rights, topic) => rights.MaySubscribe(topic)),
        (static list => new RightsOptions { Publish = list }, static (rights, topic) => rights.MayPublish(topic)),
        (static list => new RightsOptions { History = list }, static (rights, topic) => rights.MayReadHistory(topic)),
        (static list => new RightsOptions { Presence = list }, static (rights, topic) => rights.MaySeePresence(topic)),
        (static list => new RightsOptions { Rooms = new RoomRightsOptions { Create = list } }, static (rights, kind) => rights.MayCreateRoom(kind)),
        (static list => new RightsOptions { Rooms = new RoomRightsOptions { Join = list } }, static (rights, kind) => rights.MayJoinRoom(kind)),
    ];

    private static readonly Gen<string> Names = Gen.OneOf("a", "b", "c").Array[1, 4].Select(tokens => string.Join('.', tokens));

    [Fact]
    public void Deny_wins_in_whatever_order_the_rules_stand() =>
        Gen.Select(Rules, Rules, Names, Gen.Int[0, Each.Length - 1].Select(static i => Each[i])).Sample(
            (allow, deny, name, right) =>
            {
                var expected = allow.Any(rule => TopicPatternSpecs.ModelMatches(rule, name)) && !deny.Any(rule => TopicPatternSpecs.ModelMatches(rule, name));
                var topic = Encoding.UTF8.GetBytes(name);
                return right.Ask(Create(right.Allow(allow) with { Deny = right.Allow(deny) }), topic) == expected
                    && right.Ask(Create(right.Allow([.. allow.Reverse()]) with { Deny = right.Allow([.. deny.Reverse()]) }), topic) == expected;
            },
            iter: 100_000);

    [Fact]
    public void Pattern_subscription_that_is_permitted_never_reaches_a_forbidden_name() =>
        Gen.Select(Rules, Rules, Rules.Where(rules => rules.Length > 0), Names).Sample(
            (allow, deny, wanted, name) =>
            {
                var rights = Subscribing(allow, deny);
                var pattern = Parse(wanted[0]);
                var topic = Encoding.UTF8.GetBytes(name);
                return !rights.MaySubscribe(pattern) || !pattern.Matches(topic) || rights.MaySubscribe(topic);
            },
            iter: 20_000);

    [Theory]
    [InlineData("a.*", true)]
    [InlineData("a.b.*", true)]
    [InlineData("a.>", true)]
    [InlineData("a.b", true)]
    [InlineData("a", false)]
    [InlineData(">", false)]
    [InlineData("*.b", false)]
    [InlineData("a.secret.b", false)]
    [InlineData("a.*.b", false)]
    [InlineData("a.secret.>", false)]
    public void Pattern_subscription_needs_one_rule_that_covers_it_and_no_deny_that_overlaps(string wanted, bool permitted)
    {
        var deny = wanted is "a.>" ? [] : new[] { "a.secret.b" };
        Assert.Equal(permitted, Subscribing(["a.>"], deny).MaySubscribe(Parse(wanted)));
    }

    [Theory]
    [InlineData("chat.>", "chat.secret.*", "chat.>", false)]
    [InlineData("chat.>", "chat.secret.*", "chat.*", true)]
    [InlineData("chat.>", "chat.secret.*", "chat.*.*", false)]
    [InlineData("chat.>", "chat.secret.*", "chat.open.>", true)]
    [InlineData("chat.>", "chat.secret.*", "chat.*.a.>", true)]
    [InlineData("chat.>", "chat.secret.*", "*.open.a", false)]
    [InlineData(">", "chat.secret.*", "*.secret.a", false)]
    [InlineData(">", "chat.secret.*", "*.open.a", true)]
    [InlineData("chat.*", "other", "chat.>", false)]
    [InlineData("chat.*", "other", "chat.*", true)]
    [InlineData(">", "other", "*", false)]
    [InlineData(">", "other", "*.*", true)]
    public void Pattern_is_permitted_that_is_covered_whole_and_no_deny_overlaps(string allow, string deny, string wanted, bool permitted) =>
        Assert.Equal(permitted, Subscribing([allow], [deny]).MaySubscribe(Parse(wanted)));

    [Fact]
    public void Each_right_stands_alone()
    {
        var topic = "t"u8.ToArray();
        var all = new RightsOptions { Subscribe = ["t"], Publish = ["t"], History = ["t"], Presence = ["t"], Rooms = new RoomRightsOptions { Create = ["t"], Join = ["t"] } };
        Assert.All(Each, right =>
        {
            var only = right.Allow(["t"]);
            Assert.Equal([right], Each.Where(other => other.Ask(Create(only), topic)));
            Assert.Equal([right], Each.Where(other => !other.Ask(Create(all with { Deny = only }), topic)));
        });
    }

    [Theory]
    [InlineData("$user")]
    [InlineData("$sys.a")]
    [InlineData("")]
    [InlineData("a.")]
    [InlineData("a..b")]
    [InlineData("a.\n")]
    [InlineData("é")]
    public void Reserved_and_illegal_names_are_refused_even_to_who_may_everything(string name)
    {
        var topic = Encoding.UTF8.GetBytes(name);
        Assert.All(Each, right => Assert.False(right.Ask(Create(right.Allow([">"])), topic)));
    }

    [Fact]
    public void No_rights_permit_nothing()
    {
        Assert.All(Each, static right => Assert.False(right.Ask(Rights.None, "a"u8.ToArray())));
        Assert.False(Rights.None.MaySubscribe(Parse("a.>")));
    }

    [Fact]
    public void Grant_adds_a_subscription_but_not_what_is_denied()
    {
        var rights = Create(new RightsOptions { Subscribe = ["a"], History = ["h"], Presence = ["p"], Rooms = new RoomRightsOptions { Create = ["c"], Join = ["j"] }, Deny = new RightsOptions { Subscribe = ["b.secret"] } });
        var granted = rights.WithSubscribe(Parse("b.>"));
        Assert.True(granted.MaySubscribe("a"u8));
        Assert.True(granted.MaySubscribe("b.c"u8));
        Assert.False(granted.MaySubscribe("b.secret"u8));
        Assert.False(granted.MaySubscribe(Parse("b.>")));
        Assert.False(granted.MayPublish("b.c"u8) || granted.MayReadHistory("b.c"u8) || granted.MaySeePresence("b.c"u8));
        Assert.True(granted.MayReadHistory("h"u8) && granted.MaySeePresence("p"u8) && granted.MayCreateRoom("c"u8) && granted.MayJoinRoom("j"u8));
        Assert.False(rights.MaySubscribe("b.c"u8));
    }

    [Fact]
    public void Wrong_pattern_is_named_with_its_place()
    {
        string[] wrong = ["a..b"];
        var cases = new (string Place, RightsOptions Options)[]
        {
            ("subscribe", new RightsOptions { Subscribe = wrong }),
            ("publish", new RightsOptions { Publish = wrong }),
            ("history", new RightsOptions { History = wrong }),
            ("presence", new RightsOptions { Presence = wrong }),
            ("rooms.create", new RightsOptions { Rooms = new RoomRightsOptions { Create = wrong } }),
            ("rooms.join", new RightsOptions { Rooms = new RoomRightsOptions { Join = wrong } }),
        };
        foreach (var (place, options) in cases)
        {
            Assert.False(Rights.TryCreate(options, out _, out var error));
            Assert.Equal($"{place}: 'a..b' is not a topic pattern", error);
            Assert.False(Rights.TryCreate(new RightsOptions { Deny = options }, out _, out error));
            Assert.Equal($"deny.{place}: 'a..b' is not a topic pattern", error);
        }
    }

    [Fact]
    public void Deny_of_a_deny_is_an_error()
    {
        var options = new RightsOptions { Deny = new RightsOptions { Deny = new RightsOptions() } };
        Assert.False(Rights.TryCreate(options, out _, out var error));
        Assert.StartsWith("deny.deny", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        string[] allow = ["a", "b.c", "chat.>"];
        var rights = Create(new RightsOptions { Subscribe = allow, History = allow, Presence = allow, Deny = new RightsOptions { Subscribe = ["chat.secret"] } });
        var permitted = rights.MaySubscribe("chat.room"u8) ? 1 : 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 999; i++)
        {
            permitted += rights.MaySubscribe("chat.room"u8) && !rights.MaySubscribe("chat.secret"u8) && rights.MayReadHistory("chat.room"u8) && rights.MaySeePresence("chat.room"u8) ? 1 : 0;
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(1000, permitted);
    }

    private static Rights Subscribing(string[] allow, string[] deny) =>
        Create(new RightsOptions { Subscribe = allow, Deny = new RightsOptions { Subscribe = deny } });

    private static Rights Create(RightsOptions options) =>
        Rights.TryCreate(options, out var rights, out var error) ? rights : throw new ArgumentException(error);

    private static TopicPattern Parse(string text) =>
        TopicPattern.TryParse(text, out var pattern) ? pattern : throw new ArgumentException(text);
}
