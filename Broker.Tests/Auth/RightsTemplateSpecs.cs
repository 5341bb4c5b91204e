using Broker.Node.Auth;
using Broker.Node.Configuration.Options;

namespace Broker.Tests.Auth;

public sealed class RightsTemplateSpecs
{
    private static readonly RightsOptions OwnTopics = new()
    {
        Subscribe = ["lobby", "user.{user}.>"],
        Publish = ["in-{user}"],
        History = ["lobby", "user.{user}.>"],
        Presence = ["of-{user}"],
        Rooms = new RoomRightsOptions { Create = ["own-{user}"], Join = ["*"] },
        Deny = new RightsOptions { Subscribe = ["user.{user}.audit"], History = ["user.{user}.audit"] },
    };

    [Fact]
    public void Placeholder_stands_for_the_subject()
    {
        var rights = For(OwnTopics, "alice@x:1");
        Assert.True(rights.MaySubscribe("lobby"u8));
        Assert.True(rights.MaySubscribe("user.alice@x:1.mail"u8));
        Assert.True(rights.MayPublish("in-alice@x:1"u8));
        Assert.True(rights.MayReadHistory("user.alice@x:1.mail"u8));
        Assert.True(rights.MaySeePresence("of-alice@x:1"u8));
        Assert.False(rights.MaySubscribe("user.bob.mail"u8));
        Assert.False(rights.MaySubscribe("user.alice@x:1.audit"u8));
        Assert.False(rights.MayReadHistory("user.bob.mail"u8));
        Assert.False(rights.MayReadHistory("user.alice@x:1.audit"u8));
        Assert.False(rights.MaySeePresence("of-bob"u8));
        Assert.True(rights.MayCreateRoom("own-alice@x:1"u8) && rights.MayJoinRoom("chess"u8));
        Assert.False(rights.MayCreateRoom("own-bob"u8));
    }

    [Theory]
    [InlineData("*")]
    [InlineData(">")]
    [InlineData("bob.mail")]
    [InlineData("a b")]
    [InlineData("é")]
    [InlineData("{user}")]
    [InlineData("")]
    [InlineData(null)]
    public void Placeholder_matches_nothing_for_a_subject_that_is_not_one_token(string? user)
    {
        var rights = For(OwnTopics, user);
        Assert.True(rights.MaySubscribe("lobby"u8));
        Assert.False(rights.MaySubscribe("user.bob.mail"u8));
        Assert.False(rights.MaySubscribe("user.u.mail"u8));
        Assert.False(rights.MayPublish("in-u"u8));
        Assert.True(rights.MayReadHistory("lobby"u8));
        Assert.False(rights.MayReadHistory("user.u.mail"u8));
        Assert.False(rights.MaySeePresence("of-u"u8));
    }

    [Fact]
    public void Rule_that_grows_too_long_for_a_name_matches_nothing()
    {
        var rights = For(OwnTopics, new string('a', 255));
        Assert.True(rights.MaySubscribe("lobby"u8));
        Assert.False(rights.MaySubscribe("user.a.mail"u8));
    }

    [Fact]
    public void Rights_that_depend_on_no_user_are_built_once()
    {
        Assert.True(RightsTemplate.TryCreate(new RightsOptions { Subscribe = [">"] }, out var template, out _));
        Assert.Same(template.For("alice"), template.For(null));
    }

    [Theory]
    [InlineData("a..b")]
    [InlineData("{user")]
    [InlineData("{User}")]
    [InlineData("")]
    public void Wrong_pattern_is_an_error(string pattern)
    {
        Assert.False(RightsTemplate.TryCreate(new RightsOptions { Publish = [pattern] }, out _, out var error));
        Assert.StartsWith("publish: ", error, StringComparison.Ordinal);
    }

    private static Rights For(RightsOptions options, string? user)
    {
        Assert.True(RightsTemplate.TryCreate(options, out var template, out var error), error);
        return template.For(user);
    }
}
