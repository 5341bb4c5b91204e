using System.Text;
using Broker.Tests.Cluster;
using Broker.Tests.Configuration;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A token in the query of a request is a secret: a node that logs all it can says nothing of it.</summary>
[Collection(NodeProcesses.Name)]
public sealed class QueryTokenSpecs
{
    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task No_line_of_the_log_has_a_token_of_the_query()
    {
        using var files = new TemporaryDirectory();
        var config = files.Write("query.conf", $$"""
            include "built-in/broker.conf"
            broker.auth { query-token = on
              keys = [{ algorithm = HS256, secret = "{{TokenForge.Secret}}" }] }
            akka { loglevel = DEBUG, stdout-loglevel = DEBUG }
            """);
        var environment = new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Trace" };
        await using var node = await NodeProcess.StartAsync(["--config", config], Cancel, environment);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var good = TokenForge.Hs256(TokenForge.Claims(("iat", $"{now}"), ("exp", $"{now + 600}")));
        var forged = TokenForge.Hs256(TokenForge.Claims(("iat", $"{now}"), ("exp", $"{now + 600}")), secret: new string('x', 64));
        foreach (var (token, first) in new[] { (good, "welcome"), (forged, "welcome"), ("not-even-a-token", "welcome") })
        {
            // Alone, and on a connection that Kestrel has already.
            foreach (var kept in new[] { false, true })
            {
                await using var socket = await RawWebSocket.DialAsync("127.0.0.1", node.WebSocket.Port, cancellation: Cancel);
                if (kept)
                {
                    await socket.UpgradeAsync(Encoding.ASCII.GetBytes($"GET /none?token={token} HTTP/1.1\r\nHost: a\r\n\r\n"), Cancel);
                    Assert.Equal(404, socket.Status);
                }

                await socket.UpgradeAsync(RawWebSocket.UpgradeRequest("a", $"/ws?token={token}"), Cancel);
                await HostileNode.ReadAsync(socket, first);
                await socket.DisposeAsync();
            }

            // Refused, and broken.
            foreach (var request in new[] { $"GET /ws?token={token} HTTP/1.1\r\nHost: a\r\n\r\n", $"GET /ws?token={token} HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n", $"GET /ws?token={token}\r\n\r\n" })
            {
                await using var socket = await RawWebSocket.DialAsync("127.0.0.1", node.WebSocket.Port, cancellation: Cancel);
                await socket.SendBytesAsync(Encoding.ASCII.GetBytes(request), cancellation: Cancel);
                socket.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
                await socket.ReadResponseAsync(Cancel);
            }
        }

        node.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await node.WaitForExitAsync(Cancel));
        Assert.Contains("ready", node.Output, StringComparison.Ordinal);
        foreach (var token in new[] { good, forged })
        {
            Assert.All(token.Split('.')[1..], part => Assert.DoesNotContain(part, node.Output, StringComparison.Ordinal));
        }

        Assert.DoesNotContain("not-even-a-token", node.Output, StringComparison.Ordinal);
    }
}
