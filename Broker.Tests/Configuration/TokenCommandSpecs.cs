using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;

namespace Broker.Tests.Configuration;

public sealed class TokenCommandSpecs
{
    private const string Secret = "k3vQ0m1yXb8Zt5rW2nPq7sLd9fGhJ4cA6eUi";
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Token_is_minted_with_the_key_and_names_of_the_configuration()
    {
        var result = Run(new(), $"broker.auth {{ issuer = i, audience = a, rights-claim = r, keys = [ {{ algorithm = HS256, id = k, secret = {Secret} }} ] }}");
        Assert.Equal((0, "k 42 chat.> 01:00:00 r i a"), (result.ExitCode, result.Text));
    }

    [Fact]
    public void Token_is_minted_where_the_node_itself_could_not_start() =>
        Assert.Equal(0, Run(new(), "include \"built-in/production.conf\"", new() { ["JWT_SECRET"] = Secret }).ExitCode);

    [Theory]
    [InlineData("", null, "no HS key to sign with: give a configuration that has one with --config FILE")]
    [InlineData("broker.auth.keys = [ { algorithm = RS256, public-key = x } ]", null, "no HS key to sign with")]
    [InlineData($"broker.auth.keys = [ {{ algorithm = HS256, id = k, secret = {Secret} }} ]", "other", "no HS key with the id other")]
    [InlineData($"broker.auth {{ max-life = 30m, keys = [ {{ algorithm = HS256, secret = {Secret} }} ] }}", null, "--expires: longer than broker.auth.max-life (0.5h)")]
    [InlineData("broker.auth.keys = [ { algorithm = HS256, secret = changeme } ]", null, "a default secret is refused")]
    [InlineData("broker {", null, "object is never closed")]
    public void Token_no_node_would_accept_is_refused(string text, string? keyId, string expected)
    {
        var result = Run(new TokenCommandOptions { KeyId = keyId }, text);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Text, StringComparison.Ordinal);
    }

    private static CommandLineResult Run(TokenCommandOptions command, string text, Dictionary<string, string>? environment = null) =>
        TokenCommand.Run(
            command with { Config = "node.conf", User = "42", Rights = new RightsOptions { Subscribe = ["chat.>"] } },
            environment ?? [],
            (key, user, rights, life, now, claim, issuer, audience) => $"{key.Id} {user} {rights.Subscribe[0]} {life} {claim} {issuer} {audience}",
            Now,
            file => file == "node.conf" ? text : null);
}
