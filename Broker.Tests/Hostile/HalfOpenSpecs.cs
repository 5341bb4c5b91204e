using System.Net;
using Broker.Tests.Conformance;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Clients that went without a word, of whom nothing comes any more: all are cut in time, and each counts once.</summary>
public sealed class HalfOpenSpecs
{
    private const string Wide = """
        broker.limits { connections-per-address = 100000
          accepts-per-second = 100000 }

        """;

    [Fact]
    public async Task Clients_that_never_answer_are_gone_after_25_8_and_2_seconds()
    {
        var count = Exchange.Full ? 5000 : 300;
        var cancel = TestContext.Current.CancellationToken;
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Wide, TokenForge.Clock());
        var before = node.Metrics.All;
        var crowd = new MuteClient[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel }, async (i, _) =>
            crowd[i] = await MuteClient.UpgradeAsync(new IPEndPoint(IPAddress.Loopback, node.Port), cancel));
        Assert.All(crowd, static client => Assert.True(client.IsOpen));
        await Eventually.IsTrueAsync(() => node.ConnectionActors() == 2 + count, "all are there");

        await node.AdvanceAsync(TimeSpan.FromSeconds(25));
        foreach (var client in crowd)
        {
            // The ping: the next thing to come, and the actor has set its timer before it.
            client.Forget();
            await client.ReadAsync("\u0089", cancel);
        }

        await node.AdvanceAsync(TimeSpan.FromSeconds(7.9));
        Assert.Equal(2 + count, node.ConnectionActors());
        await node.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        await node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await node.IsUnharmedAsync();
        Assert.Equal([$"broker.connections.closed 1006 heartbeat = {count}"], node.Metrics.Since(before).Where(static one => !one.StartsWith("broker.connections =", StringComparison.Ordinal)));
        Array.ForEach(crowd, static client => client.Dispose());
    }
}
