using System.Buffers.Text;
using System.Text.Json;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.Auth;

public sealed class TokenMinterSpecs
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(TokenForge.Now);

    [Theory]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public void Minted_token_is_valid_and_carries_its_rights(string algorithm)
    {
        var key = TokenForge.Hs("k", algorithm);
        var rights = new RightsOptions
        {
            Subscribe = ["chat.>"],
            Publish = ["chat.*"],
            History = ["h.*"],
            Presence = ["p.*"],
            Rooms = new RoomRightsOptions { Create = ["chess"], Join = ["*"] },
            Deny = new RightsOptions { Subscribe = ["chat.secret"], History = ["h.x"], Presence = ["p.x"], Rooms = new RoomRightsOptions { Join = ["poker"] } },
        };
        var token = TokenMinter.Mint(key, "ålice", rights, TimeSpan.FromHours(1), Now, "broker", "me", "you");
        using var validator = TokenForge.Validator(TokenForge.Options(key) with { Issuer = "me", Audience = "you" });
        var identity = validator.Validate(token).Identity;
        Assert.NotNull(identity);
        Assert.Equal("ålice", identity.User);
        Assert.Equal(Now.AddHours(1), identity.Expires);
        Assert.True(identity.Rights.MaySubscribe("chat.a"u8));
        Assert.False(identity.Rights.MaySubscribe("chat.secret"u8));
        Assert.True(identity.Rights.MayPublish("chat.secret"u8));
        Assert.True(identity.Rights.MayReadHistory("h.a"u8));
        Assert.False(identity.Rights.MayReadHistory("h.x"u8));
        Assert.True(identity.Rights.MaySeePresence("p.a"u8));
        Assert.False(identity.Rights.MaySeePresence("p.x"u8));
        using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]));
        Assert.Equal(
            """{"subscribe":["chat.\u003E"],"publish":["chat.*"],"history":["h.*"],"presence":["p.*"],"rooms":{"create":["chess"],"join":["*"]},"deny":{"subscribe":["chat.secret"],"history":["h.x"],"presence":["p.x"],"rooms":{"join":["poker"]}}}""",
            payload.RootElement.GetProperty("broker").GetRawText());
    }

    [Fact]
    public void Without_rights_the_default_rights_apply()
    {
        var token = TokenMinter.Mint(TokenForge.Hs(), "alice", null, TimeSpan.FromHours(1), Now, "broker", "", "");
        using var validator = TokenForge.Validator();
        Assert.True(validator.Validate(token).Identity!.Rights.MaySubscribe("own.alice"u8));
    }

    [Fact]
    public void Grant_can_be_minted()
    {
        var token = TokenMinter.Mint(TokenForge.Hs(), "alice", new RightsOptions { Subscribe = ["a"] }, TimeSpan.FromHours(1), Now, "broker", "", "");
        using var validator = TokenForge.Validator();
        Assert.Equal(ErrorCode.None, validator.ValidateGrant(token, "alice").Error);
    }

    [Theory]
    [InlineData("RS256", "alice", "an HS key only")]
    [InlineData("none", "alice", "an HS key only")]
    [InlineData("HS256", null, "user")]
    [InlineData("HS256", "", "user")]
    [InlineData("HS256", "a\nb", "user")]
    public void What_cannot_be_minted_is_said_without_the_secret(string algorithm, string? user, string expected)
    {
        var error = Assert.Throws<ArgumentException>(() =>
            TokenMinter.Mint(TokenForge.Hs(algorithm: algorithm), user, null, TimeSpan.FromHours(1), Now, "broker", "", ""));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenForge.Secret, error.Message, StringComparison.Ordinal);
    }
}
