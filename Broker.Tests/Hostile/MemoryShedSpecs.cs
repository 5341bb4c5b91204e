using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A node with little memory sheds new clients before it runs out, serves those it has, and comes back.</summary>
[Collection(NodeProcesses.Name)]
public sealed partial class MemoryShedSpecs
{
    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task A_node_of_128_MiB_refuses_new_clients_at_the_mark_and_takes_them_again_when_the_load_is_gone()
    {
        var environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x8000000" };
        await using var node = await NodeProcess.StartAsync([], Cancel, environment);
        var address = new IPEndPoint(IPAddress.Loopback, node.WebSocket.Port);
        await using var old = await RawWebSocket.ConnectAsync("127.0.0.1", address.Port, cancellation: Cancel);
        await HostileNode.ReadAsync(old, "welcome");
        var crowd = new ConcurrentBag<MuteClient>();
        try
        {
            // Each holds nearly a message's worth: a first fragment, and a ping whose pong says that it has been read.
            byte[] half = [.. TestFrame.Text(new string('a', 60_000), fin: false), .. TestFrame.Build(9, "read"u8)];
            string? refusal = null;
            await Parallel.ForAsync(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (_, cancel) =>
            {
                if (Volatile.Read(ref refusal) is null)
                {
                    var client = await MuteClient.UpgradeAsync(address, cancel);
                    crowd.Add(client);
                    if (client.IsOpen)
                    {
                        await client.SendAsync(half, cancel);
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
            foreach (var client in crowd)
            {
                client.Dispose();
            }
        }

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
