using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>What strangers write is printable ASCII in a node's output, whichever port they write it to.</summary>
public sealed partial class LogTextSpecs : ProcessClusterSpecs
{
    private const string Strange = "\u001b[2J\u009b31m\u0085\u007f";

    [Fact]
    public async Task What_strangers_write_is_printable_in_every_line()
    {
        Configure("akka.loglevel = DEBUG\nbroker { origins.allow = []\n auth.anonymous = on }");
        await using var node = await NodeProcess.StartAsync(ConfigFlags, Cancellation);
        var cluster = IPEndPoint.Parse(node.Cluster);
        var upgrade = $"Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://a\u009b31m\u0085\r\n\r\n";
        var page = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        foreach (var text in new[]
        {
            $"GET /ws HTTP/1.1\r\n{upgrade}",
            $"{page}GET /ws HTTP/1.1\r\n{upgrade}",
            $"GET /{Strange} HTTP/1.1\r\nHost: {Strange}\r\n\r\n",
            $"{page}GET /{Strange} HTTP/1.1\r\nHost: {Strange}\r\n\r\n",
            $"{page}GET /%1b%5b HTTP/1.1\r\nHost: a\r\nX: \u009b\r\n\r\n",
            $"{Strange}\r\n\r\n",
        })
        {
            await SayAsync(new IPEndPoint(IPAddress.Loopback, node.Http.Port), Encoding.Latin1.GetBytes(text));
        }

        await SayAsync(cluster, Encoding.Latin1.GetBytes(Strange + page));
        await SayAsync(cluster, [.. (byte[])[64, 0, 0, 0], .. Encoding.Latin1.GetBytes(Strange.PadRight(64))]);
        node.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await node.WaitForExitAsync(Cancellation));

        Assert.Contains("Refused origin http://a\\x9b31m\\x85", node.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(node.Output, static c => c is not ((>= ' ' and <= '~') or '\n'));
        Assert.All(node.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => Assert.Matches(Line(), line));
    }

    /// <summary>Akka's own words at every attempt, about gated addresses and dead letters, would be all that one reads.</summary>
    [Fact]
    public async Task Node_that_waits_for_its_seed_says_so_and_nothing_else()
    {
        await using var node = await NodeProcess.LaunchAsync(["--seed", "127.0.0.1:1", .. ConfigFlags], Cancellation);
        await node.WaitForLineAsync(Waiting(), Cancellation);
        node.Signal(UnixSignal.Terminate);
        await node.WaitForExitAsync(Cancellation);

        Assert.All(node.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => Assert.Matches(Line(), line));
        Assert.DoesNotContain("warn:", node.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex("waiting for 127\\.0\\.0\\.1:1; ")]
    private static partial Regex Waiting();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (trce|dbug|info|warn|fail|crit): [A-Za-z.]+\[\d+\] ")]
    private static partial Regex Line();

    /// <summary>Until the node has said all that it has to say.</summary>
    private async Task SayAsync(IPEndPoint to, byte[] bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(to, Cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(bytes, Cancellation);
        client.Client.Shutdown(SocketShutdown.Send);
        try
        {
            await stream.CopyToAsync(Stream.Null, Cancellation);
        }
        catch (IOException)
        {
            // Reset: that is an answer too.
        }
    }
}
