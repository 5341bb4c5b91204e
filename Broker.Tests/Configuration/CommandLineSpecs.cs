using Broker.Node.Configuration;

namespace Broker.Tests.Configuration;

public sealed class CommandLineSpecs
{
    [Fact]
    public void No_arguments_start_a_node_with_the_defaults() =>
        Assert.Equivalent(new CommandLineOptions(), CommandLine.Parse([]).Run, strict: true);

    [Fact]
    public void Flags_are_read() =>
        Assert.Equivalent(
            new CommandLineOptions { Config = "x.conf", Port = 0, ClusterPort = 4053, OpsPort = 9, Seeds = ["a:1", "[::1]:2"] },
            CommandLine.Parse(["--config", "x.conf", "--port", "0", "--cluster-port=4053", "--ops-port", "9", "--seed", "a:1", "--seed", "[::1]:2"]).Run,
            strict: true);

    [Theory]
    [InlineData("--port", "x", "--port: x: a port 0 to 65535")]
    [InlineData("--port", "65536", "--port: 65536: a port 0 to 65535")]
    [InlineData("--seed", "a", "--seed: a: host:port (IPv6 in brackets)")]
    [InlineData("--seed", "a:0", "--seed: a:0: host:port (IPv6 in brackets)")]
    [InlineData("--seed", "::1:80", "--seed: ::1:80: host:port (IPv6 in brackets)")]
    [InlineData("--prot", "1", "--prot")]
    [InlineData("@file", "1", "@file")]
    [InlineData("--dev", "--seed=a:1", "--dev is for a single node")]
    public void Wrong_flags_are_told_with_exit_code_2(string first, string second, string expected)
    {
        var result = CommandLine.Parse([first, second]);
        Assert.Null(result.Run);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Flag_without_its_value_is_told() => Assert.Equal(2, CommandLine.Parse(["--port"]).ExitCode);

    [Theory]
    [InlineData("--help")]
    [InlineData("--help", "--port", "x")]
    [InlineData("token", "--help")]
    public void Help_is_a_text_and_starts_nothing(params string[] args)
    {
        var result = CommandLine.Parse(args);
        Assert.Equal((null, null, 0), (result.Run, result.Token, result.ExitCode));
        Assert.Contains(args[0] == "token" ? "--expires" : "--cluster-port", result.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_is_the_programs_own() => Assert.StartsWith("broker 0.", CommandLine.Parse(["--version"]).Text, StringComparison.Ordinal);

    [Fact]
    public void Token_flags_are_read()
    {
        var token = CommandLine.Parse(["token", "--user", "42", "--subscribe", "chat.>", "--subscribe", "news.*", "--publish", "chat.>", "--history", "chat.>", "--history", "log", "--presence", "chat.*", "--create-rooms", "race", "--join-rooms", "race", "--join-rooms", "own-*", "--expires", "2h", "--key-id", "k", "--config", "x.conf"]).Token!;
        Assert.Equal(("42", TimeSpan.FromHours(2), "k", "x.conf"), (token.User, token.Life, token.KeyId, token.Config));
        Assert.Equal(["chat.>", "news.*"], token.Rights.Subscribe);
        Assert.Equal(["chat.>"], token.Rights.Publish);
        Assert.Equal(["chat.>", "log"], token.Rights.History);
        Assert.Equal(["chat.*"], token.Rights.Presence);
        Assert.Equal(["race"], token.Rights.Rooms.Create);
        Assert.Equal(["race", "own-*"], token.Rights.Rooms.Join);
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("soon")]
    [InlineData("60")]
    public void Token_life_is_a_duration(string expires) =>
        Assert.Contains("a duration such as 30m or 8h", CommandLine.Parse(["token", "--expires", expires]).Text, StringComparison.Ordinal);
}
