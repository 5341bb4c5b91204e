using System.Globalization;
using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Subscribers that stop reading topics which let them skip stay connected; nobody else loses anything.</summary>
[Collection(NodeProcesses.Name)]
public sealed class SkipSpecs
{
    private const string Config = HostileNode.Open + """
        broker.rate { messages = 1000000
          burst = 1000000 }
        broker.topics = [ { match = "skip.>"
            slow = skip }, { match = "latest.>"
            slow = latest } ]

        """;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData("skip")]
    [InlineData("latest")]
    public async Task Over_the_byte_bound_a_client_misses_something_and_goes_on(string policy)
    {
        var topic = $"{policy}.flood";
        await using var node = await HostileNode.StartAsync(Config);
        var before = node.Metrics.All;
        await using var slow = await SubscribeAsync(node, topic);
        await using var reader = await SubscribeAsync(node, topic);
        await using var publisher = await node.ClientAsync();
        for (var number = 1; number <= 300; number++)
        {
            await PublishAsync(publisher, topic, number);
            Assert.Equal(number, Number(await reader.ReceiveAsync(Cancel)));
        }

        var seen = await ReadToGapAsync(slow, policy);
        await PublishAsync(publisher, topic, 301);
        seen.AddRange(await ReadToAsync(slow, 301));
        await HostileNode.RoundTripAsync(slow);

        Assert.InRange(seen.Count, 2, 299);
        IsWhole(seen, policy);
        Assert.Equal(policy == "skip", seen.Contains(0));
        Assert.Equal(301, Number(await reader.ReceiveAsync(Cancel)));
        await PublishAsync(publisher, topic, 302);
        Assert.Equal([302], await ReadToAsync(slow, 302));
        foreach (var socket in new[] { slow, reader, publisher })
        {
            await HostileNode.LeaveAsync(socket);
        }

        await node.IsUnharmedAsync();
        Assert.StartsWith($"broker.topics.skipped {policy} = ", Assert.Single(node.Metrics.Since(before)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("skip")]
    [InlineData("latest")]
    public async Task Over_the_time_bound_a_client_skips_what_waits_and_stays(string policy)
    {
        var topic = $"{policy}.flood";
        await using var node = await HostileNode.StartAsync(Config, TokenForge.Clock());
        await using var slow = await SubscribeAsync(node, topic);
        await using var publisher = await node.ClientAsync();
        await FillAsync(node, publisher, topic);
        Assert.Equal(0, node.Metrics[$"broker.topics.skipped {policy}"]);
        await WaitAsync(node);

        await Eventually.IsTrueAsync(() => node.Metrics[$"broker.topics.skipped {policy}"] > 0, "the cursor is to skip");
        var seen = await ReadToGapAsync(slow, policy);
        await PublishAsync(publisher, topic, 51);
        seen.AddRange(await ReadToAsync(slow, 51));
        IsWhole(seen, policy);
        Assert.True(seen.Count < 51, "nothing was skipped");
        await HostileNode.RoundTripAsync(slow);
    }

    [Fact]
    public async Task What_must_not_be_skipped_still_closes_the_connection_in_time()
    {
        await using var node = await HostileNode.StartAsync(Config, TokenForge.Clock());
        await using var slow = await SubscribeAsync(node, "skip.flood");
        await slow.SendTextAsync("""{"type":"subscribe","topic":"must"}""", Cancel);
        await HostileNode.ReadAsync(slow, "subscribed");
        await using var publisher = await node.ClientAsync();
        await FillAsync(node, publisher, "skip.flood");
        await PublishAsync(publisher, "must", 1);
        await WaitAsync(node);

        await Eventually.IsTrueAsync(() => node.ConnectionActors() == 3, "the slow one has been closed");
        Assert.Equal(1, node.Metrics["broker.connections.closed 1013 slow consumer"]);
    }

    /// <summary>
    /// Of 8 MiB the first two backlogs take 8 million bytes at most, less what their sockets take. The third passes the bound while
    /// the second is still the longest, which is asked to skip; it takes nothing, and goes. Then the third grows to be the longest.
    /// </summary>
    [Fact]
    public async Task Without_room_for_all_that_lag_the_furthest_behind_goes_first()
    {
        await using var node = await HostileNode.StartAsync(Config + """
            broker.limits.lag = 64m
            broker.memory.logs = 8m

            """);
        var before = node.Metrics.All;
        await using var little = await SubscribeAsync(node, "little");
        await using var much = await SubscribeAsync(node, "skip.much");
        await using var most = await SubscribeAsync(node, "most");
        await using var publisher = await node.ClientAsync();
        await FloodAsync(publisher, "little", 100);
        await FloodAsync(publisher, "skip.much", 300);
        Assert.DoesNotContain(node.Metrics.Since(before), static count => count.Contains("memory.cuts", StringComparison.Ordinal));

        await FloodAsync(publisher, "most", 300);
        await Eventually.IsTrueAsync(() => node.Metrics["broker.memory.cuts skip"] == 2, "the longest backlog has gone");
        Assert.Equal(0, node.Metrics["broker.memory.cuts disconnect"]);
        await FloodAsync(publisher, "most", 300);
        await Eventually.IsTrueAsync(() => node.ConnectionActors() == 4, "the longest backlog after that has gone");

        Assert.Equal(Enumerable.Range(1, 100), await ReadToAsync(little, 100));
        foreach (var socket in new[] { little, publisher })
        {
            await HostileNode.LeaveAsync(socket);
        }

        await much.DisposeAsync();
        await most.DisposeAsync();
        await node.IsUnharmedAsync();
        Assert.Equal(
            ["broker.connections.closed 1013 slow consumer = 2", "broker.memory.cuts disconnect = 1", "broker.memory.cuts skip = 2", "broker.topics.skipped skip = 1"],
            node.Metrics.Since(before));
    }

    private static async Task<RawWebSocket> SubscribeAsync(HostileNode node, string topic)
    {
        var socket = await node.ClientAsync();

        // So that what the system keeps for one who does not read is known, and the node keeps the rest.
        socket.Socket.ReceiveBufferSize = 64 * 1024;
        await socket.SendTextAsync($$"""{"type":"subscribe","topic":"{{topic}}"}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        return socket;
    }

    /// <summary>A megabyte: more than the sockets take, less than the byte bound on top of it.</summary>
    private static async Task FillAsync(HostileNode node, RawWebSocket publisher, string topic)
    {
        await FloodAsync(publisher, topic, 50);
        await node.Canary.BeatAsync();
    }

    /// <summary>More than the time bound, less than a heartbeat.</summary>
    private static async Task WaitAsync(HostileNode node)
    {
        for (var i = 0; i < 16; i++)
        {
            await node.AdvanceAsync(TimeSpan.FromSeconds(1));
        }
    }

    private static async Task FloodAsync(RawWebSocket publisher, string topic, int count)
    {
        for (var number = 1; number <= count; number++)
        {
            await PublishAsync(publisher, topic, number);
        }
    }

    private static async Task PublishAsync(RawWebSocket publisher, string topic, int number)
    {
        await publisher.SendTextAsync(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"publish","topic":"{{topic}}","id":{{number}},"data":["{{new string('a', 20_000)}}","#{{number}}"]}"""), Cancel);
        await HostileNode.ReadAsync(publisher, "published");
    }

    /// <summary>Where a gap comes: the client has begun to read, and what is published from now on comes behind the gap.</summary>
    private static async Task<List<int>> ReadToGapAsync(RawWebSocket socket, string policy) => policy == "skip" ? await ReadToAsync(socket, 0) : [];

    /// <summary>Numbers up to this one; 0 for a gap.</summary>
    private static async Task<List<int>> ReadToAsync(RawWebSocket socket, int last)
    {
        var seen = new List<int>();
        do
        {
            seen.Add(Number(await socket.ReceiveAsync(Cancel)));
        }
        while (seen[^1] != last);
        return seen;
    }

    private static int Number(RawMessage message)
    {
        Assert.True(message.Opcode == 1, message.ToString());
        var text = message.Text;
        return text.StartsWith("""{"type":"gap",""", StringComparison.Ordinal) ? 0 : int.Parse(text[(text.LastIndexOf('#') + 1)..^3], CultureInfo.InvariantCulture);
    }

    private static void IsWhole(List<int> seen, string policy)
    {
        var (last, gap) = (0, false);
        foreach (var number in seen)
        {
            Assert.True(number == 0 || number > last, $"{number} after {last}");
            Assert.True(number == 0 || number == last + 1 || gap || policy == "latest", $"{number} after {last} without gap");
            gap = number == 0;
            last = gap ? last : number;
        }
    }
}
