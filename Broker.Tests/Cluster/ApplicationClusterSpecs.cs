using Broker.Node;
using Broker.Tests.Clients;
using Broker.Tests.Hosting.Application;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>What the application asks of one node concerns the topics of the whole cluster.</summary>
public sealed class ApplicationClusterSpecs : RealClientSpecs
{
    [Fact]
    public async Task Each_of_three_nodes_publishes_reads_and_subscribes_as_if_it_were_alone()
    {
        await using var first = await InProcessNode.StartAsync(Cancellation);
        await using var second = await InProcessNode.StartAsync(Cancellation, first.Seed);
        await using var third = await InProcessNode.StartAsync(Cancellation, first.Seed);
        InProcessNode[] nodes = [first, second, third];
        await using var client = await JsonClient.ConnectAsync(second.WebSocket, Cancellation);

        // Topics of several partitions: whichever node owns them.
        for (var t = 0; t < 6; t++)
        {
            var topic = $"chat.{t}";
            var readers = new List<IAsyncEnumerator<BrokerMessage>>();
            foreach (var node in nodes)
            {
                readers.Add((await node.Api.OpenAsync(topic, Cancellation, new SubscribeOptions { Presence = true })).Reader);
            }

            await client.SubscribeAsync(topic, Cancellation);
            var publication = new Publication { Topic = topic, Data = "1"u8.ToArray(), Key = "k" };
            foreach (var node in nodes)
            {
                Assert.Equal(1, (await node.Api.PublishAsync(publication, Cancellation)).Position!.Offset);
            }

            var receipts = await third.Api.PublishAsync([publication with { Key = null, Data = "2"u8.ToArray() }, publication with { Key = "l", Data = "3"u8.ToArray() }], Cancellation);
            Assert.Equal([2L, 3L], receipts.Select(static receipt => receipt.Position!.Offset));
            foreach (var reader in readers)
            {
                Assert.Equal(BrokerMessageKind.Join, (await reader.NextAsync()).Kind);
                for (var n = 1; n <= 3; n++)
                {
                    Assert.Equal((n, n), ((int)(await reader.NextAsync()).Offset!, reader.Current.Get<int>()));
                }

                await reader.DisposeAsync();
            }

            foreach (var node in nodes)
            {
                var history = await node.Api.HistoryAsync(topic, new HistoryQuery { Since = receipts[0].Position }, Cancellation);
                Assert.Equal((receipts[1].Position, 3), (history.Position, history.Messages.Single().Get<int>()));
                Assert.Equal(client.Welcome.GetProperty("connection").GetString(), (await node.Api.PresenceAsync(topic, cancellationToken: Cancellation)).Members.Single().User);
            }
        }
    }
}
