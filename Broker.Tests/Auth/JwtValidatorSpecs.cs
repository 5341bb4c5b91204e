using System.Globalization;
using System.Text;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Auth;

public sealed class JwtValidatorSpecs
{
    private const string Golden =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbGljZSIsImlzcyI6Imh0dHBzOi8vaXNzdWVyLmV4YW1wbGUiLCJhdWQiOiJicm9rZXIi"
        + "LCJpYXQiOjE3NTAwMDAwMDAsImV4cCI6MTc1MDAwMzYwMCwiYnJva2VyIjp7InN1YnNjcmliZSI6WyJjaGF0LioiXSwicHVibGlzaCI6WyJjaGF0LmxvYmJ5Il0sImRlbnki"
        + "Onsic3Vic2NyaWJlIjpbImNoYXQuc2VjcmV0Il19fX0.6cWp1QbWi5_I23Q9ZoP6CLvREWFpPVhFW1C7L6tZGvo";

    [Fact]
    public void Token_made_elsewhere_is_accepted()
    {
        using var validator = TokenForge.Validator(new AuthOptions
        {
            Keys = [TokenForge.Hs("k1", secret: "golden-secret-of-exactly-32-byte")],
            Issuer = "https://issuer.example",
            Audience = "broker",
        });
        var (identity, error, why) = validator.Validate(Golden);
        Assert.Equal("", why);
        Assert.Equal(ErrorCode.None, error);
        Assert.NotNull(identity);
        Assert.Equal("alice", identity.User);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1750003600), identity.Expires);
        Assert.True(identity.Rights.MaySubscribe("chat.a"u8));
        Assert.False(identity.Rights.MaySubscribe("chat.secret"u8));
        Assert.True(identity.Rights.MayPublish("chat.lobby"u8));
        Assert.True(identity.Info.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b.c")]
    [InlineData("a.b.c.d.e")]
    [InlineData("e30.e30.e30")]
    [InlineData("bnVsbA.bnVsbA.AAAA")]
    [InlineData("Bearer x")]
    [InlineData("\ud800.\udc00.é")]
    public void Text_that_is_no_token_is_invalid(string token) => AssertInvalid(token);

    [Fact]
    public void Token_over_8_KiB_is_refused_unread()
    {
        var payload = TokenForge.Claims(("pad", $"\"{new string('x', 8192)}\""));
        AssertInvalid(TokenForge.Hs256(payload));
        AssertInvalid(new string('.', 10_000_000));
    }

    [Theory]
    [InlineData("=")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("%")]
    public void Base64_has_no_padding_and_no_white_space(string extra)
    {
        var good = TokenForge.Hs256(TokenForge.Payload);
        AssertInvalid(good + extra);
        AssertInvalid(extra + good);
        AssertInvalid(good.Replace(".", extra + ".", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_signature_has_one_spelling()
    {
        // 32 bytes leave two bits of the last character unused.
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        var good = TokenForge.Hs256(TokenForge.Payload);
        var accepted = Alphabet.Where(last => Validate(good[..^1] + last).Error == ErrorCode.None);
        Assert.Equal([good[^1]], accepted);
    }

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"NoNe"}""")]
    [InlineData("""{"alg":""}""")]
    [InlineData("""{}""")]
    [InlineData("""{"alg":null}""")]
    [InlineData("""{"alg":256}""")]
    [InlineData("""{"alg":["HS256"]}""")]
    [InlineData("""{"alg":"hs256"}""")]
    [InlineData("""{"alg":"HS256 "}""")]
    [InlineData("""{"alg":"HS384"}""")]
    [InlineData("""{"alg":"RS256"}""")]
    [InlineData("""{"alg":"ES256"}""")]
    [InlineData("""{"alg":"PS256"}""")]
    [InlineData("""{"alg":"dir","enc":"A256GCM"}""")]
    public void Algorithm_other_than_the_pinned_one_is_refused(string header)
    {
        AssertInvalid(TokenForge.Hs256(TokenForge.Payload, header));
        var unsigned = TokenForge.Sign(header, TokenForge.Payload, static _ => []);
        AssertInvalid(unsigned);
    }

    [Theory]
    [InlineData("""{"alg":"HS256","alg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","alg":"none"}""")]
    [InlineData("""{"alg":"none","\u0061lg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","typ":"JWT","typ":"JWT"}""")]
    [InlineData("""{"alg":"HS256","crit":["exp"]}""")]
    [InlineData("""{"alg":"HS256","crit":[]}""")]
    [InlineData("""{"alg":"HS256","crit":null}""")]
    [InlineData("""{"alg":"HS256","b64":false,"crit":["b64"]}""")]
    [InlineData("""{"alg":"HS256","kid":1}""")]
    [InlineData("""{"alg":"HS256","kid":null}""")]
    [InlineData("""{"alg":"HS256"} {}""")]
    [InlineData("""{"alg":"HS256",}""")]
    [InlineData("""{"alg":"HS256"/**/}""")]
    [InlineData("\ufeff{\"alg\":\"HS256\"}")]
    [InlineData("""["HS256"]""")]
    [InlineData("""{"alg":"HS256","x":"\ud800"}""")]
    [InlineData("""{"alg":"HS256","\udc00":1}""")]
    public void Header_that_is_not_one_plain_object_is_refused(string header) => AssertInvalid(TokenForge.Hs256(TokenForge.Payload, header));

    [Theory]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","typ":"at+jwt","cty":"x"}""")]
    [InlineData("""{"alg":"HS256","kid":"anything"}""")]
    [InlineData("""{"alg":"HS256","jku":"https://evil.example/keys","jwk":{"kty":"oct","k":"AAAA"},"x5u":"https://evil.example"}""")]
    public void Header_members_that_do_not_matter_are_ignored(string header) =>
        Assert.Equal(ErrorCode.None, Validate(TokenForge.Hs256(TokenForge.Payload, header)).Error);

    [Fact]
    public void Payload_must_be_one_object_without_duplicates()
    {
        var n = TokenForge.Now;
        AssertInvalidPayload($$"""{"sub":"alice","exp":{{n + 60}},"exp":{{n + 60}}}""");
        AssertInvalidPayload($$"""{"sub":"alice","sub":"bob","exp":{{n + 60}}}""");
        AssertInvalidPayload($$"""{"sub":"alice","\u0073ub":"bob","exp":{{n + 60}}}""");
        AssertInvalidPayload(TokenForge.Claims(("broker", """{"subscribe":["a"],"subscribe":["b"]}""")));
        AssertInvalidPayload(TokenForge.Claims(("x", """{"y":1,"y":1}""")));
        AssertInvalidPayload(TokenForge.Claims(("x", "\"\\ud800\"")));
        AssertInvalidPayload(TokenForge.Claims(("x", new string('[', 40) + new string(']', 40))));
        AssertInvalidPayload(TokenForge.Payload + "{}");
        AssertInvalidPayload("[]");
        AssertInvalidPayload("null");
        AssertInvalidPayload("not json");
    }

    [Fact]
    public void Payload_that_is_not_utf8_is_invalid()
    {
        var payload = Encoding.Latin1.GetBytes(TokenForge.Claims(("sub", "\"é\"")));
        AssertInvalid(TokenForge.Sign(
            Encoding.UTF8.GetBytes(TokenForge.Header),
            payload,
            static input => System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(TokenForge.Secret), input)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("\"1750003600\"")]
    [InlineData("[1750003600]")]
    [InlineData("1e400")]
    [InlineData("-1e400")]
    [InlineData("9e18")]
    [InlineData("253402300800")]
    [InlineData("-1")]
    [InlineData("-1750003600")]
    public void Expiry_must_be_a_date_in_seconds(string json) => AssertInvalidPayload(TokenForge.Claims(("exp", json)));

    [Theory]
    [InlineData("1e400")]
    [InlineData("9e18")]
    [InlineData("253402300800")]
    public void Expiry_past_the_last_date_is_refused_even_where_any_life_is_accepted(string json)
    {
        using var validator = TokenForge.Validator(TokenForge.Options() with { MaxLife = TimeSpan.MaxValue });
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Hs256(TokenForge.Claims(("exp", json)))).Error);
        Assert.Equal(ErrorCode.None, validator.Validate(TokenForge.Hs256(TokenForge.Claims(("exp", "253402300799")))).Error);
    }

    [Theory]
    [InlineData("nbf")]
    [InlineData("iat")]
    public void Other_dates_must_be_dates_too(string claim)
    {
        foreach (var json in new[] { "null", "\"1750000000\"", "1e400", "9e18", "-1", "{}" })
        {
            AssertInvalidPayload(TokenForge.Claims((claim, json)));
        }
    }

    [Fact]
    public void Fraction_of_a_second_is_a_date() =>
        Assert.Equal(
            DateTimeOffset.FromUnixTimeMilliseconds((TokenForge.Now * 1000) + 1500),
            Validate(TokenForge.Hs256(TokenForge.Claims(("exp", $"{TokenForge.Now + 1}.5")))).Identity!.Expires);

    [Fact]
    public void Token_is_good_until_30_s_after_its_expiry()
    {
        var time = TokenForge.Clock();
        using var validator = TokenForge.Validator(time: time);
        var token = TokenForge.Hs256(TokenForge.Claims(("exp", $"{TokenForge.Now + 60}")));
        time.Advance(TimeSpan.FromMilliseconds(89_999));
        Assert.Equal(ErrorCode.None, validator.Validate(token).Error);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(new AuthResult(null, ErrorCode.TokenExpired, "exp was 30 s ago by the clock of this node"), validator.Validate(token));
    }

    [Fact]
    public void Configured_skew_is_at_most_30_s()
    {
        var past = TokenForge.Hs256(TokenForge.Claims(("iat", $"{TokenForge.Now - 3600}"), ("exp", $"{TokenForge.Now - 31}")));
        using var wide = TokenForge.Validator(TokenForge.Options() with { Skew = TimeSpan.FromHours(1) });
        Assert.Equal(ErrorCode.TokenExpired, wide.Validate(past).Error);
        using var none = TokenForge.Validator(TokenForge.Options() with { Skew = TimeSpan.Zero });
        var now = TokenForge.Hs256(TokenForge.Claims(("iat", $"{TokenForge.Now - 3600}"), ("exp", $"{TokenForge.Now}")));
        Assert.Equal(ErrorCode.TokenExpired, none.Validate(now).Error);
    }

    [Fact]
    public void Expired_token_that_is_wrong_in_another_way_is_invalid()
    {
        var past = $"{TokenForge.Now - 3600}";
        using var validator = TokenForge.Validator(TokenForge.Options() with { Audience = "broker" });
        var otherAudience = TokenForge.Claims(("iat", past), ("exp", past), ("aud", "\"other\""));
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(TokenForge.Hs256(otherAudience)).Error);
        AssertInvalidPayload(TokenForge.Claims(("iat", past), ("exp", past), ("sub", "\"\"")));
        AssertInvalidPayload(TokenForge.Claims(("iat", past), ("exp", past), ("broker", "[]")));
        AssertInvalid(TokenForge.Hs256(TokenForge.Claims(("iat", past), ("exp", past)), secret: "another secret, long enough for HS256"));
    }

    [Theory]
    [InlineData("nbf", 30, ErrorCode.None)]
    [InlineData("nbf", 31, ErrorCode.InvalidToken)]
    [InlineData("iat", 30, ErrorCode.None)]
    [InlineData("iat", 31, ErrorCode.InvalidToken)]
    public void Dates_in_the_future_are_refused_beyond_the_skew(string claim, int ahead, ErrorCode error) =>
        Assert.Equal(error, Validate(TokenForge.Hs256(TokenForge.Claims((claim, $"{TokenForge.Now + ahead}")))).Error);

    [Theory]
    [InlineData(0, 86_400, ErrorCode.None)]
    [InlineData(0, 86_401, ErrorCode.InvalidToken)]
    [InlineData(-86_000, 401, ErrorCode.InvalidToken)]
    [InlineData(null, 86_430, ErrorCode.None)]
    [InlineData(null, 86_431, ErrorCode.InvalidToken)]
    public void Life_is_at_most_the_configured_24_h(int? issued, int expires, ErrorCode error)
    {
        var payload = TokenForge.Claims(("iat", issued is { } iat ? $"{TokenForge.Now + iat}" : ""), ("exp", $"{TokenForge.Now + expires}"));
        Assert.Equal(error, Validate(TokenForge.Hs256(payload)).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("42")]
    [InlineData("[\"alice\"]")]
    [InlineData("\"a\\r\\nb\"")]
    [InlineData("\"a\\u0000\"")]
    [InlineData("\"a\\u007f\"")]
    [InlineData("\"a\\u0085\"")]
    public void Subject_must_be_a_text_without_control_characters(string json) => AssertInvalidPayload(TokenForge.Claims(("sub", json)));

    [Fact]
    public void Subject_has_at_most_255_bytes()
    {
        Assert.Equal(ErrorCode.None, Validate(TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{new string('é', 127)}a\"")))).Error);
        AssertInvalidPayload(TokenForge.Claims(("sub", $"\"{new string('é', 128)}\"")));
    }

    [Theory]
    [InlineData("""["x","broker"]""", "\"https://i\"", true)]
    [InlineData("\"broker\"", "\"https://i\"", true)]
    [InlineData("\"Broker\"", "\"https://i\"", false)]
    [InlineData("[]", "\"https://i\"", false)]
    [InlineData("""["broker",1]""", "\"https://i\"", false)]
    [InlineData("""{"broker":1}""", "\"https://i\"", false)]
    [InlineData("", "\"https://i\"", false)]
    [InlineData("\"broker\"", "", false)]
    [InlineData("\"broker\"", "[\"https://i\"]", false)]
    [InlineData("\"broker\"", "\"https://i/\"", false)]
    [InlineData("\"broker\"", "\"https://i@evil\"", false)]
    [InlineData("\"broker\"", "\"http://169.254.169.254/\"", false)]
    public void Issuer_and_audience_must_be_the_configured_ones(string audience, string issuer, bool good)
    {
        using var validator = TokenForge.Validator(TokenForge.Options() with { Issuer = "https://i", Audience = "broker" });
        var result = validator.Validate(TokenForge.Hs256(TokenForge.Claims(("aud", audience), ("iss", issuer))));
        Assert.Equal(good ? ErrorCode.None : ErrorCode.InvalidToken, result.Error);
    }

    [Fact]
    public void Clock_ten_minutes_off_accepts_nothing_past_its_own_expiry()
    {
        var token = TokenForge.Hs256(TokenForge.Claims(("exp", $"{TokenForge.Now + 300}")));
        var time = TokenForge.Clock();
        using var validator = TokenForge.Validator(time: time);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(ErrorCode.TokenExpired, validator.Validate(token).Error);
        time.AdjustTime(DateTimeOffset.FromUnixTimeSeconds(TokenForge.Now - 600));
        Assert.Equal(ErrorCode.InvalidToken, validator.Validate(token).Error);
    }

    [Fact]
    public void Bad_tokens_throw_nothing_and_no_mutation_of_a_good_one_is_accepted()
    {
        using var validator = TokenForge.Validator(TokenForge.Options(TokenForge.Hs(), TokenForge.Hs("k", "HS512")));
        var good = TokenForge.Hs256(TokenForge.Claims(("broker", """{"subscribe":["a.>"],"info":{"name":"A"}}""")));
        Assert.Equal(ErrorCode.None, validator.Validate(good).Error);
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Int[0, 3], Gen.Char, Gen.Int[0, good.Length - 1]).Sample(
            (at, kind, character, other) =>
            {
                var mutated = kind switch
                {
                    0 => good[..at] + character + good[(at + 1)..],
                    1 => good.Insert(at, character.ToString(CultureInfo.InvariantCulture)),
                    2 => good.Remove(at, 1),
                    _ => good[..at] + good[other..],
                };
                return mutated == good || validator.Validate(mutated).Error == ErrorCode.InvalidToken;
            },
            iter: 20_000);
    }

    [Fact]
    public void Signed_nonsense_throws_nothing()
    {
        using var validator = TokenForge.Validator();
        var seed = Encoding.UTF8.GetBytes(TokenForge.Claims(("broker", """{"subscribe":["a.>"],"deny":{"publish":["b"]},"rooms":{"join":["c"]},"info":[1e3,"\ud83d\ude00"]}""")));
        Gen.Select(Gen.Int[0, seed.Length - 1], Gen.Byte, Gen.Int[0, seed.Length - 1], Gen.Byte).Sample(
            (at, value, other, second) =>
            {
                var payload = (byte[])seed.Clone();
                payload[at] = value;
                payload[other] = second;
                var token = TokenForge.Sign(
                    Encoding.UTF8.GetBytes(TokenForge.Header),
                    payload,
                    static input => System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(TokenForge.Secret), input));
                var result = validator.Validate(token);
                return (result.Error == ErrorCode.None) == (result.Identity is not null)
                    && validator.ValidateGrant(token, "alice").Error is ErrorCode.InvalidToken or ErrorCode.TokenExpired;
            },
            iter: 20_000);
    }

    private static AuthResult Validate(string token)
    {
        using var validator = TokenForge.Validator();
        return validator.Validate(token);
    }

    private static void AssertInvalid(string token)
    {
        var result = Validate(token);
        Assert.Equal((null, ErrorCode.InvalidToken), (result.Identity, result.Error));
        Assert.NotEqual("", result.Why);
    }

    private static void AssertInvalidPayload(string payload) => AssertInvalid(TokenForge.Hs256(payload));
}
