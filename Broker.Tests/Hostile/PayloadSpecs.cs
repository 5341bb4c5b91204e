using Broker.Node;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Hostile;

/// <summary>What a topic's settings ask of payloads holds for whoever publishes, in whatever format.</summary>
public sealed class PayloadSpecs
{
    private const string Topics = """
        broker.topics = [
          { match = "chat.>"
            sanitise = html
            max-size = 100 }
          { match = "small"
            max-size = 10 }
        ]

        """;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task Html_is_sanitised_at_publish_where_the_topic_says_so()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Topics);
        await using var socket = await node.ClientAsync();
        foreach (var topic in new[] { "chat.a", "plain" })
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","topic":"{{topic}}"}""", Cancel);
            await HostileNode.ReadAsync(socket, "subscribed");
        }

        await using var packer = await node.ConnectAsync(subprotocols: ["broker.v1.msgpack"]);
        await packer.ReceiveAsync(Cancel);
        const string Data = """{"text":"<b onclick=x>hi<script>1</script>","<i>":1.50}""";
        foreach (var (topic, expected, cut) in Segmentation.OfRun.SelectMany(static cut => new[] { ("chat.a", """{"text":"<b>hi</b>","<i>":1.50}""", cut), ("plain", Data, cut) }))
        {
            var publish = $$"""{"type":"publish","topic":"{{topic}}","data":{{Data}}}""";
            await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Text(publish)));
            Assert.Equal(expected, (await HostileNode.ReadAsync(socket, "message")).GetProperty("data").GetRawText());
            Assert.Equal(PublishResult.Published, await node.Api.PublishAsync(topic, System.Text.Encoding.UTF8.GetBytes(Data), Cancel));
            Assert.Equal(expected, (await HostileNode.ReadAsync(socket, "message")).GetProperty("data").GetRawText());
            await HostileNode.SendUntilCutAsync(packer, cut(TestFrame.Build(2, MessagePackSamples.Encode(publish))));
            Assert.Equal(
                expected.Replace("1.50", "1.5", StringComparison.Ordinal),
                (await HostileNode.ReadAsync(socket, "message")).GetProperty("data").GetRawText().Replace("1.50", "1.5", StringComparison.Ordinal));
        }

        await socket.DisposeAsync();
        await packer.DisposeAsync();
        await node.HasCountedAsync();
    }

    [Fact]
    public async Task More_tags_than_are_sanitised_are_refused_and_the_connection_stays()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.topics = [{ match = \"chat.>\"\n sanitise = html }]\n");
        await using var socket = await node.ClientAsync();
        foreach (var (tag, cut) in Segmentation.OfRun.SelectMany(static cut => new[] { ("<b>", cut), ("<div>", cut), ("<", cut) }))
        {
            var text = string.Concat(Enumerable.Repeat(tag, 60 * 1024 / tag.Length));
            await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Text($$"""{"type":"publish","topic":"chat.a","data":"{{text}}","id":1}""")));
            await HostileNode.ReadErrorAsync(socket, "limit_exceeded");
            Assert.Equal(PublishResult.TooLarge, await node.Api.PublishAsync("chat.a", System.Text.Encoding.UTF8.GetBytes($"\"{text}\""), Cancel));
        }

        await HostileNode.RoundTripAsync(socket);
        await HostileNode.LeaveAsync(socket);
        await node.HasCountedAsync($"broker.requests.refused limit_exceeded = {3 * Segmentation.OfRun.Count}");
    }

    [Fact]
    public async Task A_topic_takes_just_its_size_and_not_a_byte_more()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Topics);
        await using var socket = await node.ClientAsync();
        (string Data, bool Fits)[] sizes = [("\"12345678\"", true), ("\"123456789\"", false), ("12345678901", false), ("1234567890", true), (" [1,2,3,45] ", true)];
        foreach (var (data, fits, cut) in Segmentation.OfRun.SelectMany(cut => sizes.Select(size => (size.Data, size.Fits, cut))))
        {
            await HostileNode.SendUntilCutAsync(socket, cut(TestFrame.Text($$"""{"type":"publish","topic":"small","data":{{data}},"id":1}""")));
            if (fits)
            {
                await HostileNode.ReadAsync(socket, "published");
            }
            else
            {
                await HostileNode.ReadErrorAsync(socket, "too_large");
            }
        }

        Assert.Equal(PublishResult.Published, await node.Api.PublishAsync("small", "12345678", cancellationToken: Cancel));
        Assert.Equal(PublishResult.TooLarge, await node.Api.PublishAsync("small", "123456789", cancellationToken: Cancel));

        // Sanitising may make it longer than it may be.
        await socket.SendTextAsync($$"""{"type":"publish","topic":"chat.a","data":"<{{new string('&', 60)}}","id":1}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "too_large");
        await HostileNode.LeaveAsync(socket);
        await node.HasCountedAsync($"broker.requests.refused too_large = {(2 * Segmentation.OfRun.Count) + 1}");
    }
}
