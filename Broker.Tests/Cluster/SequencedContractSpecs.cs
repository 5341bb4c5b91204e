using System.Globalization;
using System.Text.Json;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>What clients are promised of sequenced topics, on one node and on three.</summary>
public sealed class SequencedContractSpecs : ProcessClusterSpecs, IClassFixture<SequencedNodes>
{
    private readonly SequencedNodes _shared;

    public SequencedContractSpecs(SequencedNodes shared)
    {
        _shared = shared;
        Configure(SequencedNodes.Topics);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Every_subscriber_sees_one_order_with_offsets_and_each_publish_is_told_its_own(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var subscribers = new List<JsonClient>();
        foreach (var node in nodes)
        {
            subscribers.Add(await ConnectAsync(node));
            var subscribed = await AskAsync(subscribers[^1], "subscribe", "log.a");
            Assert.Equal(0, subscribed.GetProperty("offset").GetInt64());
        }

        var told = new Dictionary<long, string>();
        foreach (var (i, node) in nodes.Index())
        {
            var publisher = await ConnectAsync(node);
            for (var n = 0; n < 20; n++)
            {
                var published = await AskAsync(publisher, "publish", "log.a", ("data", $"{i}-{n}"));
                Assert.True(told.TryAdd(published.GetProperty("offset").GetInt64(), $"{i}-{n}"));
            }
        }

        foreach (var subscriber in subscribers)
        {
            for (var offset = 1L; offset <= count * 20; offset++)
            {
                var push = await subscriber.ReceiveAsync(Cancellation);
                Assert.Equal((offset, told[offset]), (push.GetProperty("offset").GetInt64(), push.GetProperty("data").GetString()));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Who_was_away_gets_what_it_missed_on_any_node_before_what_is_new(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var publisher = await ConnectAsync(nodes[^1]);
        var away = await ConnectAsync(nodes[0]);
        var position = await AskAsync(away, "subscribe", "log.b");
        await away.DisposeAsync();
        for (var n = 1; n <= 30; n++)
        {
            await publisher.PublishAsync("log.b", n, Cancellation);
        }

        foreach (var node in nodes)
        {
            var back = await ConnectAsync(node);
            var subscribed = await AskAsync(back, "subscribe", "log.b", ("recover", new { epoch = position.GetProperty("epoch").GetString(), offset = 10 }));
            Assert.True(subscribed.GetProperty("recovered").GetBoolean());
            for (var n = 11; n <= 30; n++)
            {
                Assert.Equal(n, (await back.ReceiveAsync(Cancellation)).GetProperty("data").GetInt32());
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Requests_sent_at_once_are_answered_in_their_order_and_the_own_message_comes(int count)
    {
        var nodes = await _shared.OfAsync(count);
        foreach (var node in nodes)
        {
            for (var n = 0; n < 20; n++)
            {
                var client = await ConnectAsync(node);
                var topic = $"log.{node.Cluster.Split(':')[1]}-{n}";
                object[] requests =
                [
                    new { type = "subscribe", id = 1, topic },
                    new { type = "publish", id = 2, topic, data = "own" },
                    new { type = "history", id = 3, topic },
                ];
                await client.SendAsync(requests, Cancellation);
                var types = new List<string?>();
                while (types.Count < 4)
                {
                    types.Add(JsonClient.TypeOf(await client.ReceiveAsync(Cancellation)));
                }

                // The message comes by its cursor: behind its own answer, and anywhere among the others.
                Assert.Equal(["subscribed", "published", "history"], types.Where(static type => type != "message"));
                Assert.True(types.IndexOf("message") > types.IndexOf("published"));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task History_is_paged_both_ways_and_a_foreign_epoch_is_stale(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var client = await ConnectAsync(nodes[0]);
        for (var n = 1; n <= 25; n++)
        {
            await client.PublishAsync("log.c", n, Cancellation);
        }

        var other = await ConnectAsync(nodes[^1]);
        var first = await AskAsync(other, "history", "log.c", ("limit", 10));
        Assert.Equal((25L, true), (first.GetProperty("offset").GetInt64(), first.GetProperty("more").GetBoolean()));
        Assert.Equal(Enumerable.Range(1, 10), Data(first));
        var epoch = first.GetProperty("epoch").GetString();
        var rest = await AskAsync(other, "history", "log.c", ("limit", 100), ("since", new { epoch, offset = 20 }));
        Assert.Equal(Enumerable.Range(21, 5), Data(rest));
        Assert.False(rest.GetProperty("more").GetBoolean());
        var newest = await AskAsync(other, "history", "log.c", ("limit", 3), ("reverse", true));
        Assert.Equal([25, 24, 23], Data(newest));
        Assert.Equal("stale_position", Code(await AskAsync(other, "history", "log.c", ("since", new { epoch = "x", offset = 1 }))));
        Assert.Equal("unsupported", Code(await AskAsync(other, "history", "plain.c")));
        Assert.Equal("unsupported", Code(await AskAsync(other, "history", "live")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Last_brings_the_newest_messages_and_then_what_is_new(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var publisher = await ConnectAsync(nodes[0]);
        for (var n = 1; n <= 9; n++)
        {
            await publisher.PublishAsync("log.d", n, Cancellation);
        }

        var late = await ConnectAsync(nodes[^1]);
        var subscribed = await AskAsync(late, "subscribe", "log.d", ("last", 4));
        Assert.Equal(9, subscribed.GetProperty("offset").GetInt64());
        await publisher.PublishAsync("log.d", 10, Cancellation);
        for (var n = 6; n <= 10; n++)
        {
            Assert.Equal(n, (await late.ReceiveAsync(Cancellation)).GetProperty("offset").GetInt32());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_key_is_taken_once_and_other_data_under_it_is_a_conflict(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var client = await ConnectAsync(nodes[0]);
        var first = await AskAsync(client, "publish", "plain.k", ("data", 1), ("key", "order-1"));
        var again = await AskAsync(client, "publish", "plain.k", ("data", 1), ("key", "order-1"));
        var other = await AskAsync(client, "publish", "plain.k", ("data", 2), ("key", "order-1"));
        Assert.Equal(first.GetProperty("offset").GetInt64(), again.GetProperty("offset").GetInt64());
        Assert.Equal("conflict", Code(other));
        Assert.Equal(1, (await AskAsync(client, "subscribe", "plain.k")).GetProperty("offset").GetInt64());
        Assert.Equal("unsupported", Code(await AskAsync(client, "publish", "live", ("data", 1), ("key", "k"))));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public async Task Published_says_how_many_nodes_have_the_message(int count, int copies)
    {
        var nodes = await StartNodesAsync(count);
        foreach (var node in nodes)
        {
            Assert.Equal(copies, Copies(await AskAsync(await ConnectAsync(node), "publish", "plain.c", ("data", 1))));
        }

        Assert.Null(Copies(await AskAsync(await ConnectAsync(nodes[0]), "publish", "live", ("data", 1))));
        if (count == 3)
        {
            var roles = await RecordedRun.RolesAsync(nodes, "plain.c", Cancellation);
            var client = await ConnectAsync(nodes[int.Parse(roles[0][1..], CultureInfo.InvariantCulture) - 1]);
            nodes[int.Parse(roles[1][1..], CultureInfo.InvariantCulture) - 1].Signal(UnixSignal.Kill);
            Assert.Equal(copies, Copies(await AskAsync(client, "publish", "plain.c", ("data", 2))));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_kept_topic_is_a_map_with_conditions_removals_and_changes_since(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var writer = await ConnectAsync(nodes[0]);
        var a = await AskAsync(writer, "publish", "doc.m", ("data", 1), ("entry", "a"));
        await AskAsync(writer, "publish", "doc.m", ("data", 2), ("entry", "b"));
        var epoch = a.GetProperty("epoch").GetString();
        var refused = await AskAsync(writer, "publish", "doc.m", ("data", 3), ("entry", "a"), ("if", new { epoch, offset = 0 }));
        Assert.Equal(("conflict", 1L), (Code(refused), refused.GetProperty("offset").GetInt64()));
        var taken = await AskAsync(writer, "publish", "doc.m", ("data", 4), ("entry", "a"), ("if", new { epoch, offset = 1 }));
        Assert.Equal(3, taken.GetProperty("offset").GetInt64());

        var watcher = await ConnectAsync(nodes[^1]);
        var subscribed = await AskAsync(watcher, "subscribe", "doc.m");
        Assert.Equal((true, 2), (subscribed.GetProperty("recovered").GetBoolean(), subscribed.GetProperty("snapshot").GetInt32()));
        Assert.Equal(["b 2 2", "a 4 3"], [await EntryAsync(watcher), await EntryAsync(watcher)]);
        await AskAsync(writer, "publish", "doc.m", ("entry", "b"), ("remove", true));
        var removed = await watcher.ReceiveAsync(Cancellation);
        Assert.Equal(("b", true, 4L), (removed.GetProperty("entry").GetString(), removed.GetProperty("removed").GetBoolean(), removed.GetProperty("offset").GetInt64()));

        var back = await ConnectAsync(nodes[0]);
        var changes = await AskAsync(back, "subscribe", "doc.m", ("recover", new { epoch, offset = 3 }));
        Assert.False(changes.TryGetProperty("snapshot", out _));
        Assert.Equal(4, (await back.ReceiveAsync(Cancellation)).GetProperty("offset").GetInt64());
        Assert.Equal("unsupported", Code(await AskAsync(writer, "publish", "log.m", ("data", 1), ("entry", "a"))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Subscribers_of_a_presence_topic_see_who_comes_and_goes(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var watcher = await ConnectAsync(nodes[0]);
        var subscribed = await AskAsync(watcher, "subscribe", "log.p", ("presence", true));
        Assert.Equal(1, subscribed.GetProperty("presence").GetProperty("users").GetInt32());
        var other = await ConnectAsync(nodes[^1]);
        await AskAsync(other, "subscribe", "log.p");
        var join = await watcher.ReceiveAsync(Cancellation);
        while (Member(join) == watcher.Welcome.GetProperty("connection").GetString())
        {
            join = await watcher.ReceiveAsync(Cancellation);
        }

        Assert.Equal(("join", other.Welcome.GetProperty("connection").GetString()), (JsonClient.TypeOf(join), Member(join)));
        var presence = await AskAsync(watcher, "presence", "log.p");
        Assert.Equal((2, 2), (presence.GetProperty("users").GetInt32(), presence.GetProperty("members").GetArrayLength()));
        await other.CloseAsync(Cancellation);
        var leave = await watcher.ReceiveAsync(Cancellation);
        Assert.Equal(("leave", Member(join)), (JsonClient.TypeOf(leave), Member(leave)));
        Assert.Equal("unsupported", Code(await AskAsync(watcher, "presence", "plain.p")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_pattern_brings_what_any_node_acknowledges_after_subscribed(int count)
    {
        var nodes = await _shared.OfAsync(count);
        var watcher = await ConnectAsync(nodes[0]);
        Assert.Equal("subscribed", JsonClient.TypeOf(await AskAsync(watcher, "subscribe", "log.*")));
        var expected = new List<string>();
        foreach (var node in nodes)
        {
            var publisher = await ConnectAsync(node);
            for (var n = 0; n < 20; n++)
            {
                expected.Add($"log.{n} 1");
                await publisher.PublishAsync($"log.{n}", 1, Cancellation);
            }
        }

        var seen = new List<string>();
        while (seen.Count < expected.Count)
        {
            var push = await watcher.ReceiveAsync(Cancellation);
            seen.Add($"{push.GetProperty("topic").GetString()} {push.GetProperty("data").GetInt32()}");
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.Equal("unsubscribed", JsonClient.TypeOf(await AskAsync(watcher, "unsubscribe", "log.*")));
    }

    private async Task<NodeProcess[]> StartNodesAsync(int count) => count == 1 ? [await StartAsync(null)] : await StartThreeAsync();

    private Task<JsonElement> AskAsync(JsonClient client, string type, string topic, params (string Name, object Value)[] fields)
    {
        var message = new Dictionary<string, object> { ["type"] = type, ["topic"] = topic };
        foreach (var (name, value) in fields)
        {
            message[name] = value;
        }

        return client.RequestAsync(message, Cancellation);
    }

    private static string? Code(JsonElement message) => message.GetProperty("code").GetString();

    private static int? Copies(JsonElement published)
    {
        Assert.Equal("published", JsonClient.TypeOf(published));
        return published.TryGetProperty("copies", out var copies) ? copies.GetInt32() : null;
    }

    private static string? Member(JsonElement message) => message.GetProperty("members")[0].GetProperty("user").GetString();

    private static IEnumerable<int> Data(JsonElement history) => history.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("data").GetInt32());

    private async Task<string> EntryAsync(JsonClient client)
    {
        var push = await client.ReceiveAsync(Cancellation);
        return $"{push.GetProperty("entry").GetString()} {push.GetProperty("data").GetInt32()} {push.GetProperty("offset").GetInt64()}";
    }
}
