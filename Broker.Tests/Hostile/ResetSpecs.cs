using System.Globalization;
using System.Net;
using System.Net.Security;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Hostile;

/// <summary>Nothing of a client that was cut stays in the kernel, whatever its connection is made of.</summary>
public sealed class ResetSpecs
{
    private const string Cut = "broker.connections.closed 1013 slow consumer";

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_client_cut_for_not_reading_leaves_no_socket_behind(bool tls, bool keptAlive)
    {
        using var certificate = new TestCertificate();
        await using var node = await HostileNode.StartAsync(
            HostileNode.Open + (tls ? certificate.Configuration : ""),
            new FakeTimeProvider(DateTimeOffset.UtcNow),
            tls: tls ? new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = certificate.Policy } : null);
        await using var client = await node.DialAsync();
        client.Socket.ReceiveBufferSize = 64 * 1024;
        var host = $"127.0.0.1:{node.Port}";
        if (keptAlive)
        {
            await client.UpgradeAsync(System.Text.Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), Deadline.Cancel);
            Assert.Equal(200, client.Status);
        }

        await client.UpgradeAsync(RawWebSocket.UpgradeRequest(host), Deadline.Cancel);
        await HostileNode.ReadAsync(client, "welcome");
        await client.SendTextAsync("""{"type":"subscribe","topic":"stalled"}""", Deadline.Cancel);
        await HostileNode.ReadAsync(client, "subscribed");
        for (var published = 0; node.Metrics[Cut] == 0; published++)
        {
            Assert.InRange(published, 0, 400);
            await node.Api.PublishAsync("stalled", new string('a', 20_000), cancellationToken: Deadline.Cancel);
            await node.Canary.BeatAsync();
        }

        var port = ((IPEndPoint)client.Socket.LocalEndPoint!).Port;
        Assert.NotEmpty(Sockets(node.Port, port));
        await node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await Eventually.IsTrueAsync(() => Sockets(node.Port, port) is "", $"a reset leaves nothing of the connection: {Sockets(node.Port, port)}");
        await node.HasCountedAsync($"{Cut} = 1");
    }

    /// <summary>What the kernel has of the node's side of a connection: its state and the bytes it has not sent, or nothing.</summary>
    private static string Sockets(int local, int remote)
    {
        var (here, there) = (local.ToString("X4", CultureInfo.InvariantCulture), remote.ToString("X4", CultureInfo.InvariantCulture));
        return string.Join('\n', File.ReadLines("/proc/net/tcp").Concat(File.ReadLines("/proc/net/tcp6"))
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[1].EndsWith(":" + here, StringComparison.Ordinal) && fields[2].EndsWith(":" + there, StringComparison.Ordinal))
            .Select(static fields => $"{fields[3]} {fields[4]}"));
    }
}
