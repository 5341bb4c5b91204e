using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Broker.Tests.Support;

namespace Broker.Tests.Auth;

/// <summary>Whoever signs tokens learns from the log what is wrong with one: each fault has words of its own.</summary>
public sealed class TokenRefusalSpecs
{
    [Theory]
    [InlineData("exp", "", "exp is missing")]
    [InlineData("exp", "\"1\"", "exp is no number of seconds from 1970 to 9999 (milliseconds?)")]
    [InlineData("exp", "1750003600000", "exp is no number of seconds from 1970 to 9999 (milliseconds?)")]
    [InlineData("nbf", "null", "nbf is no number of seconds from 1970 to 9999 (milliseconds?)")]
    [InlineData("iat", "[]", "iat is no number of seconds from 1970 to 9999 (milliseconds?)")]
    [InlineData("exp", "1750086401", "it lives 86401 s (24 h) from iat, and broker.auth.max-life is 86400 s (24 h)")]
    [InlineData("exp", "1750604800", "it lives 604800 s (168 h) from iat, and broker.auth.max-life is 86400 s (24 h)")]
    [InlineData("nbf", "9999999999", "nbf lies ahead")]
    [InlineData("iat", "9999999999", "iat lies ahead")]
    [InlineData("iss", "\"other\"", "iss is not broker.auth.issuer")]
    [InlineData("aud", "", "aud has not broker.auth.audience")]
    [InlineData("sub", "", "sub is missing")]
    [InlineData("sub", "42", "sub is no text")]
    [InlineData("sub", "\"\"", "sub is empty")]
    [InlineData("sub", "\"a\\nb\"", "sub has control characters")]
    [InlineData("broker", "[]", "its claim broker: no object")]
    [InlineData("broker", """{"subscribes":["a"]}""", "its claim broker: subscribes is no member of it, did you mean subscribe?")]
    [InlineData("broker", """{"info":{},"admin":true}""", "its claim broker: admin is no member of it")]
    [InlineData("broker", """{"\u001b[31m\n":1}""", "its claim broker: \\x1b[31m\\x0a is no member of it")]
    [InlineData("broker", """{"presences":["a"]}""", "its claim broker: presences is no member of it, did you mean presence?")]
    [InlineData("broker", """{"deny":{"histroy":["a"]}}""", "its claim broker: deny.histroy is no member of it, did you mean history?")]
    [InlineData("broker", """{"deny":{"publsh":["a"]}}""", "its claim broker: deny.publsh is no member of it, did you mean publish?")]
    [InlineData("broker", """{"deny":{"rooms":{"joim":["a"]}}}""", "its claim broker: deny.rooms.joim is no member of it, did you mean join?")]
    [InlineData("broker", """{"rooms":7}""", "its claim broker: rooms is no object")]
    [InlineData("broker", """{"publish":"a"}""", "its claim broker: publish is no list of texts")]
    [InlineData("broker", """{"publish":["a","b..c"]}""", "its claim broker: publish: 'b..c' is not a topic pattern")]
    [InlineData("broker", """{"deny":{"history":["*a"]}}""", "its claim broker: deny.history: '*a' is not a topic pattern")]
    [InlineData("broker", """{"info":1e400}""", "its claim broker: info has a number that no double holds")]
    public void Claim_that_is_refused_is_named(string claim, string value, string why)
    {
        using var validator = TokenForge.Validator(TokenForge.Options() with { Issuer = "i", Audience = "a" });
        var claims = new Dictionary<string, string> { ["iss"] = "\"i\"", ["aud"] = "\"a\"", [claim] = value };
        var result = validator.Validate(TokenForge.Hs256(TokenForge.Claims([.. claims.Select(static one => (one.Key, one.Value))])));
        Assert.Equal((ErrorCode.InvalidToken, why), (result.Error, result.Why));
    }

    [Fact]
    public void Life_without_iat_is_counted_from_now() =>
        Assert.Equal("it lives 99970 s (27.77 h) from now, for want of iat, and broker.auth.max-life is 86400 s (24 h)", Why(TokenForge.Hs256(TokenForge.Claims(("iat", ""), ("exp", $"{TokenForge.Now + 100_000}")))));

    [Fact]
    public void What_is_too_long_is_not_repeated()
    {
        var name = new string('x', 200);
        Assert.Equal($"its claim broker: {name[..80]}... is no member of it", Why(TokenForge.Hs256(TokenForge.Claims(("broker", $$"""{"{{name}}":1}""")))));
        Assert.Equal("its claim broker: info has 1025 bytes, more than 1024", Why(TokenForge.Hs256(TokenForge.Claims(("broker", $$"""{"info":"{{new string('x', 1023)}}"}""")))));
        Assert.Equal("sub has more than 255 bytes", Why(TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{new string('x', 256)}\"")))));
        Assert.Equal("it is longer than 8192 characters", Why(new string('a', 8193)));
    }

    [Theory]
    [InlineData("""{"alg":"HS256","kid":"a"}""", "its signature is not that of the HS256 key of broker.auth.keys with the id \"a\"")]
    [InlineData("""{"alg":"HS256","kid":"b"}""", "no HS256 key of broker.auth.keys with the id \"b\"")]
    [InlineData("""{"alg":"HS256","kid":"\u001b[0m"}""", "no HS256 key of broker.auth.keys with the id \"\\x1b[0m\"")]
    [InlineData("""{"alg":"HS512","kid":"a"}""", "its alg is HS512, and the key of broker.auth.keys with the id \"a\" is for HS256")]
    [InlineData("""{"alg":"RS256","kid":"b"}""", "its alg is RS256, and no key of broker.auth.keys is for that")]
    [InlineData("""{"alg":"RS256"}""", "its alg is RS256, and no key of broker.auth.keys is for that")]
    [InlineData("""{"alg":"HS256"}""", "it names no key (kid), and the HS256 keys of broker.auth.keys have ids")]
    [InlineData("""{"alg":"none"}""", "its alg is missing, or none of HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384, ES512")]
    [InlineData("""{"alg":"HS256","crit":[]}""", "its header has crit, and no extension is understood")]
    [InlineData("""{"alg":"HS256","kid":1}""", "its kid is no text")]
    [InlineData("[]", "its header is no JSON object as this node reads them")]
    public void Key_that_does_not_fit_is_told_from_a_bad_signature(string header, string why)
    {
        using var validator = TokenForge.Validator(TokenForge.Options(TokenForge.Hs("a")));
        Assert.Equal(why, validator.Validate(TokenForge.Hs256(TokenForge.Payload, header, "another secret of at least thirty-two bytes")).Why);
    }

    [Fact]
    public void Key_without_id_has_only_its_signature_to_tell_of() =>
        Assert.Equal("its signature is not that of the HS256 key of broker.auth.keys", Why(TokenForge.Hs256(TokenForge.Payload, secret: "another secret of at least thirty-two bytes")));

    [Theory]
    [InlineData("", "it has no claim broker")]
    [InlineData("{}", "its claim broker: subscribe: a grant has one topic or pattern")]
    [InlineData("""{"subscribe":["a","b"]}""", "its claim broker: subscribe: a grant has one topic or pattern")]
    [InlineData("""{"subscribe":["a..b"]}""", "its claim broker: subscribe: 'a..b' is not a topic pattern")]
    [InlineData("""{"subscribe":["a"],"publish":["a"]}""", "its claim broker: publish is no member of it")]
    public void Grant_that_is_refused_is_named(string claim, string why)
    {
        using var validator = TokenForge.Validator();
        var token = TokenForge.Hs256(TokenForge.Claims(("broker", claim)));
        Assert.Equal((ErrorCode.InvalidToken, why), (validator.ValidateGrant(token, "alice").Error, validator.ValidateGrant(token, "alice").Why));
        Assert.Equal("its sub is another than this connection's", validator.ValidateGrant(token, "bob").Why);
    }

    private static string Why(string token)
    {
        using var validator = TokenForge.Validator(new AuthOptions { Keys = [TokenForge.Hs()] });
        var result = validator.Validate(token);
        Assert.Equal(ErrorCode.InvalidToken, result.Error);
        return result.Why;
    }
}
