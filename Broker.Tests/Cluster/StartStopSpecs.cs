using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Broker.Node;
using Broker.Node.Configuration;
using Broker.Node.Hosting;
using Broker.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Broker.Tests.Cluster;

/// <summary>What people type and platforms do at start and stop ends in a line and the right exit code.</summary>
public sealed class StartStopSpecs : ProcessClusterSpecs
{
    private static readonly string[] PortFlags = ["--port", "--ops-port", "--cluster-port"];

    private static readonly Dictionary<string, string> Key = new()
    {
        ["BROKER__AUTH__KEYS__0__ALGORITHM"] = "HS256",
        ["BROKER__AUTH__KEYS__0__SECRET"] = "0123456789abcdef0123456789abcdef",
    };

    [Theory]
    [InlineData("--port")]
    [InlineData("--ops-port")]
    [InlineData("--cluster-port")]
    public async Task Port_that_another_node_has_is_refused_and_named(string flag)
    {
        var port = FreePorts(1)[0];
        await StartWithAsync(flag, $"{port}");

        var (exitCode, output) = await RunAsync([flag, $"{port}", .. Others(flag)]);

        Assert.Equal(1, exitCode);
        Assert.Contains($"cannot listen on 127.0.0.1:{port} for ", output, StringComparison.Ordinal);
        Assert.Contains($"address already in use ({flag}, broker.", output, StringComparison.Ordinal);
        AssertNoStack(output);
    }

    [Fact]
    public async Task Token_without_a_user_and_a_level_that_is_none_are_typed_wrong()
    {
        var token = await NodeProcess.RunAsync(["token"], Cancellation, Key);
        Assert.Equal(2, token.ExitCode);
        Assert.Equal("--user: whom the token is for, 1-255 bytes", token.Output);

        Configure("akka.loglevel = VERBOSE");
        var level = await RunAsync([.. ConfigFlags, .. Others("")]);
        Assert.Equal(2, level.ExitCode);
        Assert.Contains("akka.loglevel: one of DEBUG, INFO", level.Output, StringComparison.Ordinal);
        AssertNoStack(level.Output);
    }

    /// <summary>In steps of a tenth of a second with <c>BROKER_TESTS_FULL=1</c>.</summary>
    [Theory]
    [InlineData("Terminate", 143)]
    [InlineData("Interrupt", 130)]
    public async Task Signal_while_it_starts_ends_the_node_without_a_stack(string name, int exitCode)
    {
        var signal = Enum.Parse<UnixSignal>(name);
        var interrupted = 0;
        for (var wait = 0; wait < 2000; wait += Full ? 100 : 400)
        {
            await using var node = ChildProcess.Start(
                Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Broker.Node.dll"), .. Others("")]);

            // There is nothing to wait for: the moment in the start is what is tried.
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(wait + 1));
            await timer.WaitForNextTickAsync(Cancellation);
            node.Signal(signal);
            var ended = await node.Ended.WaitAsync(Cancellation);
            var isServing = node.Output.Contains("is ready", StringComparison.Ordinal) || node.Output.Contains("stopping", StringComparison.Ordinal);
            Assert.True(ended == exitCode || (ended == 0 && isServing), $"{signal} after {wait} ms: {ended}\n{node.Output}");
            AssertNoStack(node.Output);
            interrupted += ended == exitCode ? 1 : 0;
        }

        Assert.NotEqual(0, interrupted);
    }

    [Fact]
    public async Task Hang_up_drains_like_a_termination()
    {
        var node = await StartWithAsync();
        await using var client = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);
        node.Signal(UnixSignal.HangUp);
        await client.ReadToCloseAsync(Cancellation);
        Assert.Equal(1012, (int?)client.CloseStatus);
        Assert.Equal(0, await node.WaitForExitAsync(Cancellation));
    }

    [Fact]
    public async Task Seed_that_is_spelled_otherwise_is_told_and_not_called_a_removal()
    {
        var seed = await StartWithAsync();
        Configure("akka.cluster.shutdown-after-unsuccessful-join-seed-nodes = 3s");
        var node = await LaunchWithAsync("--seed", $"localhost:{seed.Cluster.Split(':')[1]}");
        Assert.Equal(1, await node.WaitForExitAsync(Cancellation));
        Assert.Contains("could not join: no seed of localhost:", node.Output, StringComparison.Ordinal);
        Assert.Contains("broker.cluster.host", node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("was removed", node.Output, StringComparison.Ordinal);
    }

    /// <summary>A host that goes on after a failed start must not keep half a node.</summary>
    [Fact]
    public async Task Node_of_an_application_that_cannot_start_leaves_nothing_behind()
    {
        var ports = FreePorts(3);
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, ports[0]));
        taken.Listen();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.AddBroker(new CommandLineOptions { Port = ports[0], OpsPort = ports[1], ClusterPort = ports[2] });
        await using var app = builder.Build();
        var node = (BrokerNode)app.Services.GetService(typeof(BrokerNode))!;

        var failure = await Assert.ThrowsAsync<IOException>(() => app.StartAsync(Cancellation));

        Assert.Contains("--port", failure.Message, StringComparison.Ordinal);
        Assert.True(node.System!.WhenTerminated.IsCompleted);
        foreach (var port in ports[1..])
        {
            using var free = new Socket(SocketType.Stream, ProtocolType.Tcp);
            free.Bind(new IPEndPoint(IPAddress.Loopback, port));
            free.Listen();
        }
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string[] arguments) => await NodeProcess.RunAsync(arguments, Cancellation);

    /// <summary>The ports that are not what is looked at.</summary>
    private static IEnumerable<string> Others(string flag) =>
        PortFlags.Where(other => other != flag).SelectMany(static other => new[] { other, "0" });

    private static void AssertNoStack(string output) => Assert.DoesNotMatch(new Regex("^ +at |Unhandled exception", RegexOptions.Multiline), output);
}
