using Broker.Node.Auth;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Hocon;
using Broker.Node.Configuration.Options;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

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

    [Theory]
    [InlineData("a..b", 3600, "subscribe: 'a..b' is not a topic pattern")]
    [InlineData("$user", 3600, "subscribe: '$user' is not a topic pattern")]
    [InlineData("own.{user}", 3600, "subscribe: 'own.{user}' is not a topic pattern")]
    [InlineData("chat.>", 86401, "--expires: longer than broker.auth.max-life (24h): no node would accept it")]
    [InlineData("chat.>", 0.5, "--expires: a token counts whole seconds: at least 1s")]
    public void What_the_node_would_refuse_is_not_signed(string pattern, double life, string expected)
    {
        var result = Sign(pattern, TimeSpan.FromSeconds(life));
        Assert.Equal((2, expected), (result.ExitCode, result.Text));
    }

    [Fact]
    public void Token_longer_than_a_node_reads_is_not_signed() =>
        Assert.EndsWith("no node reads more than 8192", Sign(string.Join('.', Enumerable.Repeat("token", 40)), TimeSpan.FromHours(1), repeat: 40).Text, StringComparison.Ordinal);

    [Theory]
    [InlineData(1)]
    [InlineData(86400)]
    public void What_is_signed_is_what_the_node_accepts(int life)
    {
        using var validator = TokenForge.Validator(TokenForge.Options(TokenForge.Hs(secret: Secret)), new FakeTimeProvider(Now));
        Assert.Equal("", validator.Validate(Sign("chat.>", TimeSpan.FromSeconds(life)).Text).Why);
    }

    [Fact]
    public void Help_offers_no_life_that_is_refused_by_default()
    {
        var help = CommandLine.Parse(["token", "--help"]).Text;
        var offered = help.Split(' ', ',', ';', ':', '.', '(', ')').Select(HoconUnits.Duration).OfType<TimeSpan>().ToList();
        Assert.NotEmpty(offered);
        Assert.All(offered, life => Assert.True(life <= new AuthOptions().MaxLife, $"{life} is offered: {help}"));
    }

    private static CommandLineResult Sign(string pattern, TimeSpan life, int repeat = 1) =>
        TokenCommand.Run(
            new TokenCommandOptions { Config = "node.conf", User = "42", Life = life, Rights = new RightsOptions { Subscribe = [.. Enumerable.Repeat(pattern, repeat)] } },
            new Dictionary<string, string>(),
            TokenMinter.Mint,
            Now,
            file => file == "node.conf" ? $"broker.auth.keys = [ {{ algorithm = HS256, secret = {Secret} }} ]" : null);

    private static CommandLineResult Run(TokenCommandOptions command, string text, Dictionary<string, string>? environment = null) =>
        TokenCommand.Run(
            command with { Config = "node.conf", User = "42", Rights = new RightsOptions { Subscribe = ["chat.>"] } },
            environment ?? [],
            (key, user, rights, life, now, claim, issuer, audience) => $"{key.Id} {user} {rights.Subscribe[0]} {life} {claim} {issuer} {audience}",
            Now,
            file => file == "node.conf" ? text : null);
}
