using Broker.Node;
using Broker.Tests.Contracts;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Subscriptions to patterns, as clients of both formats see them; the topics lie in all lanes.</summary>
public sealed class PatternSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private const int Topics = 40;

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string> Formats => ["json", "msgpack"];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Everything_published_after_subscribed_comes_with_topic_and_pattern(string format)
    {
        await using var client = await ConnectAsync(format);
        await client.SubscribeAsync($"{format}.*.x", Cancel);
        var expected = new List<string>();
        for (var i = 0; i < Topics; i++)
        {
            await PublishAsync($"{format}.{i}.x", i);
            await PublishAsync($"{format}.{i}.y", i);
            await PublishAsync($"{format}.{i}", i);
            expected.Add($$"""{"type":"message","topic":"{{format}}.{{i}}.x","data":{{i}},"pattern":"{{format}}.*.x"}""");
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal), await ReceiveAsync(client, Topics));
        Assert.Equal("""{"type":"pong"}""", Without("time", await client.AskAsync("""{"type":"ping"}""", Cancel)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Overlapping_subscriptions_get_a_copy_each_and_end_one_by_one(string format)
    {
        await using var client = await ConnectAsync(format);
        var topic = $"over.{format}";
        await client.SubscribeAsync(topic, Cancel);
        await client.SubscribeAsync("over.*", Cancel);
        await client.SubscribeAsync($"*.{format}", Cancel);
        await PublishAsync(topic, 1);
        var plain = $$"""{"type":"message","topic":"{{topic}}","data":1}""";
        var one = plain[..^1] + ",\"pattern\":\"over.*\"}";
        var other = plain[..^1] + $",\"pattern\":\"*.{format}\"}}";
        Assert.Equal(new[] { plain, one, other }.Order(StringComparer.Ordinal), await ReceiveAsync(client, 3));

        Assert.Equal("""{"type":"unsubscribed","id":2,"topic":"over.*"}""", await client.AskAsync("""{"type":"unsubscribe","topic":"over.*","id":2}""", Cancel));
        Assert.Equal("""{"type":"unsubscribed","id":3,"topic":"over.*"}""", await client.AskAsync("""{"type":"unsubscribe","topic":"over.*","id":3}""", Cancel));
        await PublishAsync(topic, 1);
        Assert.Equal(new[] { plain, other }.Order(StringComparer.Ordinal), await ReceiveAsync(client, 2));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Own_publishes_come_but_for_those_without_echo(string format)
    {
        await using var client = await ConnectAsync(format);
        await using var other = await ConnectAsync(format == "json" ? "msgpack" : "json");
        await client.SubscribeAsync($"own-{format}.>", Cancel);
        await other.SubscribeAsync($"own-{format}.>", Cancel);
        Assert.Contains("published", await client.AskAsync($$"""{"type":"publish","topic":"own-{{format}}.a","data":1,"echo":false,"id":2}""", Cancel), StringComparison.Ordinal);
        Assert.Contains("published", await client.AskAsync($$"""{"type":"publish","topic":"own-{{format}}.a","data":2,"id":3}""", Cancel), StringComparison.Ordinal);
        Assert.Equal($$"""{"type":"message","topic":"own-{{format}}.a","data":2,"pattern":"own-{{format}}.>"}""", await client.ReceiveAsync(Cancel));
        Assert.Equal($$"""{"type":"message","topic":"own-{{format}}.a","data":1,"pattern":"own-{{format}}.>"}""", await other.ReceiveAsync(Cancel));
        Assert.Equal($$"""{"type":"message","topic":"own-{{format}}.a","data":2,"pattern":"own-{{format}}.>"}""", await other.ReceiveAsync(Cancel));
    }

    [Theory]
    [InlineData("$a.*", "forbidden")]
    [InlineData("$>", "forbidden")]
    [InlineData("a..*", "invalid_topic")]
    [InlineData("a.>.b", "invalid_topic")]
    [InlineData("a*", "invalid_topic")]
    [InlineData(">>", "invalid_topic")]
    public async Task What_is_no_pattern_of_clients_is_refused(string pattern, string code)
    {
        foreach (var format in Formats)
        {
            await using var client = await ConnectAsync(format.Data);
            Assert.Contains($"\"code\":\"{code}\"", await client.AskAsync($$"""{"type":"subscribe","topic":"{{pattern}}","id":1}""", Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_pattern_counts_as_one_subscription_and_the_node_bounds_different_ones()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.limits { subscriptions = 3\npatterns = 2 }", sings: false);
        await using var client = await ConnectAsync("json", node);
        await client.SubscribeAsync("count.a.*", Cancel);
        await client.SubscribeAsync("count.b.*", Cancel);
        await using var other = await ConnectAsync("msgpack", node);
        await other.SubscribeAsync("count.a.*", Cancel);
        Assert.Contains("limit_exceeded", await other.AskAsync("""{"type":"subscribe","topic":"count.c.*","id":1}""", Cancel), StringComparison.Ordinal);
        await client.SubscribeAsync("count", Cancel);
        Assert.Contains("limit_exceeded", await client.AskAsync("""{"type":"subscribe","topic":"other","id":1}""", Cancel), StringComparison.Ordinal);
        await client.SubscribeAsync("count.a.*", Cancel);
        await client.AskAsync("""{"type":"unsubscribe","topic":"count.b.*","id":1}""", Cancel);
        await other.SubscribeAsync("count.c.*", Cancel);
    }

    [Fact]
    public async Task Answers_about_a_pattern_keep_the_order_of_the_requests_and_nothing_comes_after()
    {
        await using var client = await ConnectAsync("json");
        await client.SubscribeAsync("order.*", Cancel);
        var requests = Enumerable.Range(0, 40).Select(static n => $$"""{"type":"publish","topic":"order.{{n}}","data":{{n}}}""")
            .Append("""{"type":"unsubscribe","topic":"order.*","id":1}""")
            .Append("""{"type":"unsubscribe","topic":"order.*","id":2}""")
            .Append("""{"type":"publish","topic":"order.*","data":1,"id":3}""")
            .Append("""{"type":"subscribe","topic":"order.*","id":4}""")
            .Append("""{"type":"subscribe","topic":"order.*","last":1,"id":5}""");
        await client.SendAsync($"[{string.Join(',', requests)}]", Cancel);
        var replies = new List<string>();
        while (replies.Count < 5)
        {
            var next = (await client.ReceiveAsync(Cancel))!;
            if (next.Contains("\"id\"", StringComparison.Ordinal))
            {
                replies.Add(next);
            }
            else
            {
                Assert.Empty(replies);
            }
        }

        Assert.Equal(["1", "2", "3", "4", "5"], replies.Select(static reply => reply.Split("\"id\":")[1][..1]));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Under_load_no_topic_has_a_hole_and_nothing_comes_outside_of_a_subscription(string format)
    {
        await using var client = await ConnectAsync(format);
        using var stop = new CancellationTokenSource();
        var publishing = Task.Run(() => PublishUntilAsync($"load-{format}", stop.Token), Cancel);
        for (var round = 0; round < 50; round++)
        {
            await client.SubscribeAsync($"load-{format}.*", Cancel);
            var last = new Dictionary<string, int>();
            for (var i = 0; i < 40; i++)
            {
                Follows(last, (await client.ReceiveAsync(Cancel))!);
            }

            var next = await client.AskAsync($$"""{"type":"unsubscribe","topic":"load-{{format}}.*","id":2}""", Cancel);
            for (; !next!.StartsWith("""{"type":"unsubscribed","id":2""", StringComparison.Ordinal); next = await client.ReceiveAsync(Cancel))
            {
                Follows(last, next);
            }
        }

        await stop.CancelAsync();
        await publishing;
    }

    [Fact]
    public async Task Pushes_that_are_gathered_come_for_patterns_too()
    {
        await using var socket = await _node.ConnectAsync("/ws?batch=20");
        await HostileNode.ReadAsync(socket, "welcome");
        await socket.SendTextAsync("""{"type":"subscribe","topic":"gathered.*"}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");
        for (var i = 0; i < Topics; i++)
        {
            await PublishAsync($"gathered.{i}", i);
        }

        var numbers = new List<int>();
        while (numbers.Count < Topics)
        {
            var root = System.Text.Json.JsonDocument.Parse(await socket.ReceiveTextAsync(Cancel)).RootElement;
            foreach (var push in root.ValueKind == System.Text.Json.JsonValueKind.Array ? [.. root.EnumerateArray()] : new[] { root })
            {
                Assert.Equal("gathered.*", push.GetProperty("pattern").GetString());
                numbers.Add(push.GetProperty("data").GetInt32());
            }
        }

        Assert.Equal(Enumerable.Range(0, Topics), numbers.Order());
    }

    /// <summary>Each number to eight topics at once, then the next.</summary>
    private async Task PublishUntilAsync(string prefix, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(topic => PublishAsync($"{prefix}.{topic}", number)));
        }
    }

    private static void Follows(Dictionary<string, int> last, string message)
    {
        var push = System.Text.Json.JsonDocument.Parse(message).RootElement;
        var (topic, number) = (push.GetProperty("topic").GetString()!, push.GetProperty("data").GetInt32());
        Assert.Equal("message", push.GetProperty("type").GetString());
        Assert.Equal(number, last.GetValueOrDefault(topic, number - 1) + 1);
        last[topic] = number;
    }

    private static string Without(string name, string? message)
    {
        var root = System.Text.Json.Nodes.JsonNode.Parse(message!)!.AsObject();
        root.Remove(name);
        return root.ToJsonString();
    }

    private static async Task<IEnumerable<string>> ReceiveAsync(FormatClient client, int count)
    {
        var received = new List<string>();
        while (received.Count < count)
        {
            received.Add((await client.ReceiveAsync(Cancel))!);
        }

        return received.Order(StringComparer.Ordinal);
    }

    private async Task PublishAsync(string topic, int number) =>
        Assert.Equal(PublishResult.Published, await _node.Api.PublishAsync(topic, number, cancellationToken: Cancel));

    private Task<FormatClient> ConnectAsync(string format, HostileNode? node = null) =>
        FormatClient.ConnectAsync(new Uri($"ws://127.0.0.1:{(node ?? _node).Port}/ws"), format == "json" ? FormatSample.Json : FormatSample.MessagePack, Cancel);
}
