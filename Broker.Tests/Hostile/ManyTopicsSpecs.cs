using System.Globalization;
using Broker.Tests.Conformance;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Very many topics, each of one client, come and go. The heap is the whole process's, so nothing runs beside this.</summary>
[Collection(Alone.Name)]
public sealed class ManyTopicsSpecs
{
    private static readonly int Each = Exchange.Full ? 500 : 200;

    private const string Wide = """
        broker.limits { connections-per-address = 100000
          accepts-per-second = 100000
          subscriptions = 1000 }
        broker.rate { control = 1000000
          control-burst = 1000000 }

        """;

    /// <summary>500,000 of them with <c>BROKER_TESTS_FULL=1</c>.</summary>
    [Fact]
    public async Task Topics_that_are_gone_leave_no_memory()
    {
        var clients = Exchange.Full ? 1000 : 100;
        var cancel = TestContext.Current.CancellationToken;
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Wide);

        // Pools and caches are filled by as many connections, and by as many topics of one.
        await RoundAsync(node, clients, 1, cancel);
        await RoundAsync(node, Math.Min(clients, 100), Each, cancel);
        var before = await node.Canary.BetweenBeatsAsync(HostileNode.Heap);
        var during = await RoundAsync(node, clients, Each, cancel);

        // What ends the connections may take its time, and a pool trims itself late. A fiftieth is less than 12 bytes a topic.
        var most = before + Math.Max(before / 5, (during - before) / 50);
        long after;
        for (var began = TimeProvider.System.GetTimestamp(); (after = await node.Canary.BetweenBeatsAsync(HostileNode.Heap)) > most;)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20), $"{after >> 10} KiB after {before >> 10}");
            await node.Canary.BeatAsync();
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{clients * Each} topics: {before >> 10} KiB before, {during >> 10} with them, {after >> 10} after");
        Assert.True(during - before > clients * Each * 100L, $"{clients * Each} topics took no more than {during - before} bytes");
        await node.IsUnharmedAsync();
    }

    /// <returns>The heap with all topics.</returns>
    private static async Task<long> RoundAsync(HostileNode node, int clients, int topics, CancellationToken cancel)
    {
        var crowd = new MuteClient[clients];
        await Parallel.ForAsync(0, clients, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancel }, async (i, _) =>
        {
            var client = crowd[i] = await MuteClient.UpgradeAsync(node.Broker.EndPoint!, cancel);
            client.Forget();
            var subscribes = Enumerable.Range(0, topics).Select(topic =>
                string.Create(CultureInfo.InvariantCulture, $$"""{"type":"subscribe","topic":"many.{{i}}.{{topic}}"{{(topic == topics - 1 ? ",\"id\":\"last\"" : "")}}}"""));
            await client.SendAsync(TestFrame.Text($"[{string.Join(',', subscribes)}]"), cancel);

            // Lanes answer each for itself: the round trip behind the last waits for none of the others.
            await client.ReadAsync("\"last\"", cancel);
            client.Forget();
        });
        await node.Canary.BeatAsync();
        var heap = await node.Canary.BetweenBeatsAsync(HostileNode.Heap);

        // All at once: their lanes must not be busy with that alone.
        Array.ForEach(crowd, static client => client.Dispose());
        await Eventually.IsTrueAsync(() => node.Api.State.Connections == 2, "they have left");
        await node.IsUnharmedAsync();
        return heap;
    }
}
