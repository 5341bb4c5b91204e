using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Broker.Node.Auth;
using Broker.Node.Configuration;

namespace Broker.Tests.Auth;

public sealed class JwksReaderSpecs
{
    // RFC 7515 appendix A.3: key, token and signature as printed there.
    private const string RfcKey =
        """{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}""";

    private const string RfcToken =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    [Fact]
    public void Example_of_the_rfc_verifies()
    {
        var keys = Read($$"""{"keys":[{{RfcKey}}]}""", "ES256");
        Assert.True(JwtParts.TryParse(RfcToken, out var token, out _));
        Assert.True(Assert.Single(keys).Verify(token.SigningInput, token.Signature));
    }

    [Fact]
    public void Only_keys_that_fit_the_pinned_algorithm_are_taken()
    {
        using var rsa = RSA.Create(2048);
        var entries = new List<Dictionary<string, string>>();
        Add("plain");
        Add("sig", ("use", "sig"));
        Add("own", ("alg", "RS256"));
        Add("encryption", ("use", "enc"));
        Add("other", ("alg", "RS512"));
        Add("padded", ("alg", "PS256"));
        Add("oct", ("kty", "oct"));
        var set = JsonSerializer.Serialize(new { keys = entries }).Replace("]}", "," + RfcKey + "]}", StringComparison.Ordinal);
        Assert.Equal(["plain", "sig", "own"], Read(set, "RS256").Select(static key => key.Id));
        Assert.Single(Read(set, "ES256"));

        void Add(string kid, params (string Name, string Value)[] members)
        {
            var jwk = KeyRingSpecs.Jwk(rsa, kid);
            foreach (var (name, value) in members)
            {
                jwk[name] = value;
            }

            entries.Add(jwk);
        }
    }

    [Fact]
    public void Key_operations_must_include_verifying()
    {
        Assert.Single(Read($$"""{"keys":[{{RfcKey[..^1]}},"key_ops":["sign","verify"]}]}""", "ES256"));
        Assert.Single(Read($$"""{"keys":[{{RfcKey[..^1]}},"key_ops":[]}]}""", "ES256"));
        AssertError($$"""{"keys":[{{RfcKey[..^1]}},"key_ops":["sign"]}]}""", "ES256", "no key for ES256");
        AssertError($$"""{"keys":[{{RfcKey[..^1]}},"key_ops":[1]}]}""", "ES256", "no key for ES256");
    }

    [Theory]
    [InlineData("", "not a JSON object")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("<html>", "not a JSON object")]
    [InlineData("{}", "no array 'keys'")]
    [InlineData("""{"keys":{}}""", "no array 'keys'")]
    [InlineData("""{"keys":[],"keys":[]}""", "not a JSON object")]
    [InlineData("""{"keys":[]}""", "no key for RS256")]
    [InlineData("""{"keys":[1,null,"x",[]]}""", "not a JWK")]
    [InlineData("""{"keys":[{"kty":1}]}""", "not a JWK")]
    [InlineData("""{"keys":[{"kty":"RSA"}]}""", "does not hold what RS256 needs")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]}""", "does not hold what RS256 needs")]
    [InlineData("""{"keys":[{"kty":"RSA","n":" ","e":"AQAB"}]}""", "does not hold what RS256 needs")]
    [InlineData("""{"keys":[{"kty":"RSA","n":null,"e":"AQAB"}]}""", "does not hold what RS256 needs")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"AAAA","e":"AQAB"}]}""", "RS256 needs")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}""", "RS256 needs")]
    public void Set_without_a_usable_key_is_an_error(string json, string error) => AssertError(json, "RS256", error);

    [Theory]
    [InlineData("AAAA", "AAAA")]
    [InlineData("", "")]
    [InlineData("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")]
    public void Point_that_is_not_on_the_curve_is_an_error(string x, string y) =>
        AssertError($$"""{"keys":[{"kty":"EC","crv":"P-256","x":"{{x}}","y":"{{y}}"}]}""", "ES256", "does not hold what ES256 needs");

    [Fact]
    public void Private_half_in_a_set_is_not_kept()
    {
        using var rsa = RSA.Create(2048);
        var jwk = KeyRingSpecs.Jwk(rsa, "k");
        jwk["d"] = "AQAB";
        Assert.Single(Read(JsonSerializer.Serialize(new { keys = new[] { jwk } }), "RS256"));
    }

    [Fact]
    public void Set_over_64_KiB_is_an_error() =>
        AssertError($$"""{"keys":[{{RfcKey}}],"pad":"{{new string('x', 65_536)}}"}""", "ES256", "larger than 65536 bytes");

    private static ImmutableArray<JwtKey> Read(string json, string algorithm)
    {
        Assert.True(JwtAlgorithm.TryParse(algorithm, out var parsed));
        Assert.True(JwksReader.TryRead(Encoding.UTF8.GetBytes(json), parsed, out var keys, out var error), error);
        return keys;
    }

    private static void AssertError(string json, string algorithm, string expected)
    {
        Assert.True(JwtAlgorithm.TryParse(algorithm, out var parsed));
        Assert.False(JwksReader.TryRead(Encoding.UTF8.GetBytes(json), parsed, out var keys, out var error));
        Assert.Empty(keys);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
