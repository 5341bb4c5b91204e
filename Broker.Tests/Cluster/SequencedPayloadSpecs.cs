using System.Security.Cryptography;
using System.Text;
using Broker.Node;
using Broker.Tests.Hosting.Application;

namespace Broker.Tests.Cluster;

/// <summary>
/// What the application publishes to sequenced topics on one node comes to the others whole, also where it is larger than a frame between
/// nodes; what is too large is refused.
/// </summary>
public sealed class SequencedPayloadSpecs
{
    private const int Nodes = 3;
    private const string Settings = """
        include "built-in/broker.conf"
        broker.topics = [ { match = "seq.>", delivery = sequenced, history { size = 100 } } ]
        """;

    private static readonly int[] Sizes = [100_000, 127_000, 127 << 10, 128_000, 128 << 10, 129_000, 129 << 10, 1 << 20];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Large_payloads_of_the_application_come_to_all_nodes_whole_or_are_refused()
    {
        await using var first = await InProcessNode.StartAsync(Settings, Cancellation);
        await using var second = await InProcessNode.StartAsync(Settings, Cancellation, first.Seed);
        await using var third = await InProcessNode.StartAsync(Settings, Cancellation, first.Seed);
        InProcessNode[] nodes = [first, second, third];

        // So many that every node owns some, has the copy of some, and neither.
        foreach (var topic in Enumerable.Range(0, 4).Select(static i => $"seq.large{i}"))
        {
            var readers = await Task.WhenAll(nodes.Select(node => node.Api.OpenAsync(topic, Cancellation)));
            List<string> sent = [];
            foreach (var (i, size) in Sizes.Index())
            {
                var data = Payload(size, i);
                sent.Add(Digest(data));
                Assert.Equal(PublishResult.Published, await nodes[i % Nodes].Api.PublishAsync(topic, data, Cancellation));
            }

            Assert.Equal(PublishResult.TooLarge, await second.Api.PublishAsync(topic, Payload((1 << 20) + 1, 0), Cancellation));
            foreach (var (reader, _) in readers)
            {
                foreach (var (i, digest) in sent.Index())
                {
                    var message = await reader.NextAsync();
                    Assert.Equal((BrokerMessageKind.Message, (long?)i + 1, digest), (message.Kind, message.Position?.Offset, Digest(message.Data)));
                }

                await reader.DisposeAsync();
            }
        }
    }

    /// <summary>A JSON string of so many bytes, each payload with other letters.</summary>
    private static ReadOnlyMemory<byte> Payload(int size, int seed) =>
        Encoding.UTF8.GetBytes($"\"{new string(new Random(seed).GetItems<char>("abcdefghijklmnopqrstuvwxyz", size - 2))}\"");

    private static string Digest(ReadOnlyMemory<byte> data) => Convert.ToHexString(SHA256.HashData(data.Span));
}
