using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A node with little memory sheds new clients before it runs out, serves those it has, and comes back.</summary>
[Collection(NodeProcesses.Name)]
public sealed partial class MemoryShedSpecs
{
    private static CancellationToken Cancel => Deadline.Cancel;

    /// <summary>Nearly a message's worth: a first fragment, and a ping whose pong says that it has been read.</summary>
    private static readonly byte[] Half = [.. TestFrame.Text(new string('a', 60_000), fin: false), .. TestFrame.Build(9, "read"u8)];

    private static readonly Dictionary<string, string> Little = new() { ["DOTNET_GCHeapHardLimit"] = "0x8000000" };

    [Fact]
    public async Task A_small_node_refuses_clients_at_the_mark_and_takes_them_when_the_load_is_gone()
    {
        await using var node = await NodeProcess.StartAsync([], Cancel, new Dictionary<string, string>(Little) { ["BROKER__MEMORY__CONNECTIONS"] = "1g" });
        var address = new IPEndPoint(IPAddress.Loopback, node.WebSocket.Port);
        await using var old = await RawWebSocket.ConnectAsync("127.0.0.1", address.Port, cancellation: Cancel);
        await HostileNode.ReadAsync(old, "welcome");
        var crowd = new ConcurrentBag<MuteClient>();
        try
        {
            string? refusal = null;
            await Parallel.ForAsync(0, 4000, Eight, async (_, cancel) =>
            {
                if (Volatile.Read(ref refusal) is null)
                {
                    var client = await MuteClient.UpgradeAsync(address, cancel);
                    crowd.Add(client);
                    if (client.IsOpen)
                    {
                        await client.SendAsync(Half, cancel);
                        await client.ReadAsync("read", cancel);
                    }
                    else
                    {
                        Interlocked.CompareExchange(ref refusal, client.Said, null);
                    }
                }
            });
            Assert.Matches(Refusal(), refusal);
            TestContext.Current.TestOutputHelper!.WriteLine($"{crowd.Count} clients, {node.ResidentBytes >> 20} MiB resident");

            // At less than a quarter it would not have been the mark.
            Assert.InRange(crowd.Count, 400, 3999);
            Assert.Contains("not enough memory", await ReadyAsync(node, HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
            await old.SendTextAsync("""{"type":"publish","topic":"t","data":1,"id":1}""", Cancel);
            await HostileNode.ReadAsync(old, "published");
        }
        finally
        {
            End(crowd);
        }

        await TakesClientsAgainAsync(node, address);
    }

    [Fact]
    public async Task A_crowd_that_begins_large_messages_together_ends_itself_and_not_the_node()
    {
        await using var node = await NodeProcess.StartAsync([], Cancel, Little);
        var address = new IPEndPoint(IPAddress.Loopback, node.WebSocket.Port);
        await using var old = await RawWebSocket.ConnectAsync("127.0.0.1", address.Port, cancellation: Cancel);
        await HostileNode.ReadAsync(old, "welcome");
        var crowd = new ConcurrentBag<MuteClient>();
        try
        {
            await Parallel.ForAsync(0, 3000, Eight, async (_, cancel) => crowd.Add(await MuteClient.UpgradeAsync(address, cancel)));
            Assert.All(crowd, static client => Assert.True(client.IsOpen));

            // 180 MB, of which the node keeps a sixth. Who holds less than those stays, in the middle of a message too.
            await old.SendBytesAsync(TestFrame.Text($"{{\"type\":\"publish\",\"topic\":\"t\",\"data\":\"{new string('a', 20_000)}", fin: false), cancellation: Cancel);
            await Parallel.ForEachAsync(crowd, Eight, async (client, cancel) =>
            {
                try
                {
                    await client.SendAsync(Half, cancel);
                }
                catch (SocketException)
                {
                    // Ended in the middle of it: what was said before is read below.
                }

                await client.ReadAsync("read", cancel);
            });
            Assert.Contains("1013 overloaded", node.Output, StringComparison.Ordinal);
            await old.SendBytesAsync(TestFrame.Build(0, "\",\"id\":1}"u8), cancellation: Cancel);
            await HostileNode.ReadAsync(old, "published");
        }
        finally
        {
            End(crowd);
        }

        await TakesClientsAgainAsync(node, address);
        Assert.DoesNotContain("OutOfMemory", node.Output, StringComparison.Ordinal);
    }

    private static ParallelOptions Eight => new() { MaxDegreeOfParallelism = 8, CancellationToken = Cancel };

    private static void End(IEnumerable<MuteClient> crowd)
    {
        foreach (var client in crowd)
        {
            client.Dispose();
        }
    }

    private static async Task TakesClientsAgainAsync(NodeProcess node, IPEndPoint address)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await node.HealthAsync("ready", Cancel) != HttpStatusCode.OK)
        {
            await pace.WaitForNextTickAsync(Cancel);
        }

        await using var next = await RawWebSocket.ConnectAsync("127.0.0.1", address.Port, cancellation: Cancel);
        await HostileNode.ReadAsync(next, "welcome");
        Assert.False(node.Ended.IsCompleted);
    }

    private static async Task<string> ReadyAsync(NodeProcess node, HttpStatusCode expected)
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(node.Ops, "/health/ready"), Cancel);
        Assert.Equal(expected, response.StatusCode);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    [GeneratedRegex("^HTTP/1\\.1 503 [^\r]*\r\n(.*\r\n)*Retry-After: [1-5]\r\n")]
    private static partial Regex Refusal();
}
