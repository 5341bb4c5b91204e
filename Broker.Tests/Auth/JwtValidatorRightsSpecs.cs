using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.Auth;

public sealed class JwtValidatorRightsSpecs
{
    [Fact]
    public void Claim_gives_rights_and_info()
    {
        var identity = Validate("""
            {"subscribe":["a.>"],"publish":["b"],"history":["c.>"],"presence":["d.*"],"rooms":{"create":["chess"],"join":["*"]},
             "deny":{"subscribe":["a.x"],"history":["c.x"],"presence":["d.x"],"rooms":{"join":["poker"]}},"info":{"name":"Ålice"}}
            """).Identity!;
        Assert.True(identity.Rights.MaySubscribe("a.b"u8));
        Assert.False(identity.Rights.MaySubscribe("a.x"u8));
        Assert.True(identity.Rights.MayPublish("b"u8));
        Assert.True(identity.Rights.MayReadHistory("c.b"u8));
        Assert.False(identity.Rights.MayReadHistory("c.x"u8));
        Assert.True(identity.Rights.MaySeePresence("d.b"u8));
        Assert.False(identity.Rights.MaySeePresence("d.x"u8));
        Assert.True(identity.Rights.MayCreateRoom("chess"u8) && identity.Rights.MayJoinRoom("chess"u8));
        Assert.False(identity.Rights.MayCreateRoom("go"u8) || identity.Rights.MayJoinRoom("poker"u8));
        Assert.Equal("""{"name":"Ålice"}""", Encoding.UTF8.GetString(identity.Info.Span));
    }

    [Fact]
    public void Without_the_claim_the_default_rights_apply()
    {
        using var validator = TokenForge.Validator();
        var rights = validator.Validate(TokenForge.Hs256(TokenForge.Payload)).Identity!.Rights;
        Assert.True(rights.MaySubscribe("own.alice"u8));
        Assert.False(rights.MaySubscribe("own.bob"u8));
    }

    [Fact]
    public void With_the_claim_the_default_rights_do_not_apply() =>
        Assert.False(Validate("{}").Identity!.Rights.MaySubscribe("own.alice"u8));

    [Fact]
    public void Claim_is_found_under_its_configured_name()
    {
        using var validator = TokenForge.Validator(TokenForge.Options() with { RightsClaim = "https://example.com/rights" });
        var token = TokenForge.Hs256(TokenForge.Claims(("https://example.com/rights", """{"publish":["p"]}"""), ("broker", "1")));
        Assert.True(validator.Validate(token).Identity!.Rights.MayPublish("p"u8));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"a\"")]
    [InlineData("""{"subscribe":"a"}""")]
    [InlineData("""{"subscribe":null}""")]
    [InlineData("""{"subscribe":[1]}""")]
    [InlineData("""{"subscribe":["a",null]}""")]
    [InlineData("""{"subscribe":{"a":1}}""")]
    [InlineData("""{"subscribe":["a..b"]}""")]
    [InlineData("""{"subscribe":["$user"]}""")]
    [InlineData("""{"subscribe":["{user}"]}""")]
    [InlineData("""{"publish":[""]}""")]
    [InlineData("""{"history":"a"}""")]
    [InlineData("""{"history":["a..b"]}""")]
    [InlineData("""{"presence":[1]}""")]
    [InlineData("""{"presence":["d",1]}""")]
    [InlineData("""{"histories":["c"]}""")]
    [InlineData("""{"deny":{"history":"c"}}""")]
    [InlineData("""{"deny":{"presence":["a..b"]}}""")]
    [InlineData("""{"rooms":["chess"]}""")]
    [InlineData("""{"rooms":{"create":["a..b"]}}""")]
    [InlineData("""{"rooms":{"join":"chess"}}""")]
    [InlineData("""{"subscribes":["a"]}""")]
    [InlineData("""{"unknown":1}""")]
    [InlineData("""{"rooms":{"leave":[]}}""")]
    [InlineData("""{"deny":["a"]}""")]
    [InlineData("""{"deny":{"publish":"a"}}""")]
    [InlineData("""{"deny":{"deny":{}}}""")]
    [InlineData("""{"deny":{"publsh":["a"]}}""")]
    [InlineData("""{"deny":{"rooms":{"joim":["a"]}}}""")]
    [InlineData("""{"deny":{"rooms":[]}}""")]
    [InlineData("""{"info":1e400}""")]
    [InlineData("""{"info":{"a":[{"b":-1e999}]}}""")]
    public void Claim_of_the_wrong_shape_makes_the_token_invalid(string claim) => Assert.Equal(ErrorCode.InvalidToken, Validate(claim).Error);

    [Fact]
    public void Info_has_at_most_1_KiB()
    {
        Assert.Equal(1024, Validate($$"""{"info":"{{new string('x', 1022)}}"}""").Identity!.Info.Length);
        Assert.Equal(ErrorCode.InvalidToken, Validate($$"""{"info":"{{new string('x', 1023)}}"}""").Error);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("[1, \"a\"]")]
    public void Info_is_any_json(string info) =>
        Assert.Equal(info, Encoding.UTF8.GetString(Validate($$"""{"info":{{info}}}""").Identity!.Info.Span));

    [Theory]
    [InlineData("""{"subscribe":["a.b"]}""", "a.b")]
    [InlineData("""{"subscribe":["a.>"]}""", "a.>")]
    [InlineData("""{"subscribe":[]}""", null)]
    [InlineData("""{"subscribe":["a","b"]}""", null)]
    [InlineData("""{"subscribe":["a"],"publish":["a"]}""", null)]
    [InlineData("""{"subscribe":["a"],"info":1}""", null)]
    [InlineData("""{"subscribe":["$user"]}""", null)]
    [InlineData("""{"subscribe":"a"}""", null)]
    [InlineData("""{}""", null)]
    [InlineData("""[]""", null)]
    [InlineData("", null)]
    public void Grant_is_one_pattern_to_subscribe_and_nothing_else(string claim, string? pattern)
    {
        using var validator = TokenForge.Validator();
        var result = validator.ValidateGrant(TokenForge.Hs256(TokenForge.Claims(("broker", claim))), "alice");
        Assert.Equal(pattern, result.Pattern?.ToString());
        Assert.Equal(pattern is null ? ErrorCode.InvalidToken : ErrorCode.None, result.Error);
        Assert.Equal(pattern is null ? default : DateTimeOffset.FromUnixTimeSeconds(TokenForge.Now + 3600), result.Expires);
    }

    [Fact]
    public void Grant_is_for_its_own_subject_and_time()
    {
        var time = TokenForge.Clock();
        using var validator = TokenForge.Validator(time: time);
        var token = TokenForge.Hs256(TokenForge.Claims(("broker", """{"subscribe":["a"]}""")));
        Assert.Equal(ErrorCode.InvalidToken, validator.ValidateGrant(token, "bob").Error);
        Assert.Equal(ErrorCode.InvalidToken, validator.ValidateGrant(token, "Alice").Error);
        Assert.Equal(ErrorCode.InvalidToken, validator.ValidateGrant(token + "A", "alice").Error);
        time.Advance(TimeSpan.FromSeconds(3630));
        Assert.Equal(ErrorCode.TokenExpired, validator.ValidateGrant(token, "alice").Error);
    }

    [Fact]
    public void Wrong_default_rights_are_an_error_at_start()
    {
        var options = TokenForge.Options() with { DefaultRights = new RightsOptions { Subscribe = ["a..b"] } };
        var error = Assert.Throws<ArgumentException>(() => TokenForge.Validator(options));
        Assert.Equal("auth.default-rights.subscribe: 'a..b' is not a topic pattern", error.Message);
    }

    private static Node.Auth.AuthResult Validate(string claim)
    {
        using var validator = TokenForge.Validator();
        return validator.Validate(TokenForge.Hs256(TokenForge.Claims(("broker", claim))));
    }
}
