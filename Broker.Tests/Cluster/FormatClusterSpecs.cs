using Broker.Tests.Contracts;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Between nodes a publisher's frame travels as it is; each node makes of it what its own connections take.</summary>
public sealed class FormatClusterSpecs : ProcessClusterSpecs
{
    [Fact]
    public async Task Every_format_on_one_node_reaches_every_format_on_another_in_order()
    {
        Configure("broker.deflate.enabled = on");
        var first = await StartAsync(null);
        var second = await StartAsync(first);
        FormatClient[] subscribers =
        [
            await ConnectAsync(second, FormatSample.Json), await ConnectAsync(second, FormatSample.MessagePack),
            await ConnectAsync(second, FormatSample.Json, deflate: true), await ConnectAsync(second, FormatSample.MessagePack, deflate: true),
        ];
        foreach (var subscriber in subscribers)
        {
            await subscriber.SubscribeAsync("mixed", Cancellation);
        }

        FormatClient[] publishers = [await ConnectAsync(first, FormatSample.Json), await ConnectAsync(first, FormatSample.MessagePack, deflate: true)];
        var expected = new List<string>();
        for (var i = 0; i < 40; i++)
        {
            var data = $$"""{"n":{{i}},"text":"{{new string('x', i % 4 * 700)}}","half":0.5,"big":18446744073709551615}""";
            var published = await publishers[i % 2].AskAsync($$"""{"type":"publish","topic":"mixed","data":{{data}},"id":1}""", Cancellation);
            Assert.Equal("""{"type":"published","id":1,"topic":"mixed"}""", published);
            expected.Add($$"""{"type":"message","topic":"mixed","data":{{data}}}""");
        }

        foreach (var subscriber in subscribers)
        {
            foreach (var message in expected)
            {
                Assert.Equal(message, await subscriber.ReceiveAsync(Cancellation));
            }
        }
    }

    private async Task<FormatClient> ConnectAsync(NodeProcess node, FormatSample format, bool deflate = false) =>
        Owned(await FormatClient.ConnectAsync(node.WebSocket, format, Cancellation, deflate));
}
