using System.Diagnostics;
using System.Net;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>More clients than the process has file descriptors: the node waits without spinning, says so, and goes on by itself.</summary>
[Collection(NodeProcesses.Name)]
public sealed class DescriptorSpecs
{
    private const int Limit = 400;
    private const int Clients = 500;
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task A_flood_beyond_the_descriptors_costs_no_processor_and_ends_when_clients_leave()
    {
        await using var node = await NodeProcess.StartWithDescriptorsAsync(Limit, [], Cancel);
        var address = new IPEndPoint(IPAddress.Loopback, node.WebSocket.Port);
        await using var old = await RawWebSocket.ConnectAsync("127.0.0.1", address.Port, cancellation: Cancel);
        await HostileNode.ReadAsync(old, "welcome");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var flood = Enumerable.Range(0, Clients).Select(_ => MuteClient.UpgradeAsync(address, end.Token)).ToArray();
        await ReadyAsync(node, HttpStatusCode.ServiceUnavailable);

        // From here on nothing changes but by the clients: whatever is used now is used by waiting.
        // The first window, in which the runtime still compiles, is not looked at; of the others the better counts.
        using var window = new PeriodicTimer(Watched);
        var used = 1.0;
        for (var i = 0; i < 3; i++)
        {
            var (before, since) = (node.ProcessorTime, Stopwatch.GetTimestamp());
            await window.WaitForNextTickAsync(Cancel);
            used = i == 0 ? used : Math.Min(used, (node.ProcessorTime - before) / Stopwatch.GetElapsedTime(since));
        }

        var open = flood.Where(static client => client.IsCompletedSuccessfully && client.Result.IsOpen).ToList();
        var refused = flood.Count(static client => client.IsCompletedSuccessfully && !client.Result.IsOpen);
        TestContext.Current.TestOutputHelper!.WriteLine($"{open.Count} served, {refused} refused, {used:P1} of a processor");
        Assert.InRange(used, 0, 0.1);
        Assert.InRange(open.Count, 1, Limit);
        Assert.InRange(refused, 0, 20);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.HealthAsync("ready", Cancel));
        await old.SendTextAsync("""{"type":"publish","topic":"t","data":1,"id":1}""", Cancel);
        await HostileNode.ReadAsync(old, "published");

        // Those who waited get the places of those who leave.
        open.ForEach(static client => client.Result.Dispose());
        var waited = flood.Except(open).Where(static client => !client.IsCompleted).Take(20).ToArray();
        foreach (var client in waited)
        {
            Assert.True((await client.WaitAsync(Cancel)).IsOpen);
        }

        await end.CancelAsync();
        await Task.WhenAll(flood.Select(LeaveAsync));

        // Nobody connects any more: it must find out alone.
        await ReadyAsync(node, HttpStatusCode.OK);
        await using var next = await RawWebSocket.ConnectAsync("127.0.0.1", address.Port, cancellation: Cancel);
        await HostileNode.ReadAsync(next, "welcome");
    }

    private static async Task LeaveAsync(Task<MuteClient> client)
    {
        try
        {
            (await client).Dispose();
        }
        catch (OperationCanceledException)
        {
            // It still waited, and has gone with its task.
        }
    }

    private static async Task ReadyAsync(NodeProcess node, HttpStatusCode status)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await node.HealthAsync("ready", Cancel) != status)
        {
            await pace.WaitForNextTickAsync(Cancel);
        }
    }
}
