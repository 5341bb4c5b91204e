using System.Text;
using Broker.Node;
using Broker.Node.Hosting.Application;
using Broker.Tests.Clients;
using Broker.Tests.Support;

namespace Broker.Tests.Hosting.Application;

/// <summary>Publications of <see cref="IBroker"/> with all that can be said of them.</summary>
public sealed class ApplicationPublishSpecs(TopicsHost shared) : RealClientSpecs, IClassFixture<TopicsHost>
{
    private IBroker Broker => shared.Broker;

    [Fact]
    public async Task Receipt_has_the_position_of_a_sequenced_topic_and_none_of_a_broadcast_one()
    {
        var first = await PublishAsync("log.receipt", "1");
        var second = await PublishAsync("log.receipt", "2");

        Assert.Equal((PublishResult.Published, 1L), (first.Result, first.Position!.Offset));
        Assert.Equal(first.Position with { Offset = 2 }, second.Position);
        Assert.Equal(new PublishReceipt(PublishResult.Published), await PublishAsync("news.receipt", "1"));
    }

    [Fact]
    public async Task What_is_repeated_under_its_key_is_published_once_and_other_data_is_a_conflict()
    {
        var publication = new Publication { Topic = "log.key", Data = "1"u8.ToArray(), Key = "k" };
        var first = await Broker.PublishAsync(publication, Cancellation);

        Assert.Equal(first, await Broker.PublishAsync(publication, Cancellation));
        Assert.Equal(PublishResult.Conflict, (await Broker.PublishAsync(publication with { Data = "2"u8.ToArray() }, Cancellation)).Result);
        Assert.Equal(["1"], await DataAsync("log.key"));
    }

    [Fact]
    public async Task Key_of_the_application_is_none_of_a_clients()
    {
        await using var client = await JsonClient.ConnectAsync(shared.Host.WebSocket, Cancellation);
        await client.RequestAsync(new() { ["type"] = "publish", ["topic"] = "log.keys", ["data"] = 1, ["key"] = "k" }, Cancellation);

        var receipt = await Broker.PublishAsync(new Publication { Topic = "log.keys", Data = "2"u8.ToArray(), Key = "k" }, Cancellation);

        Assert.Equal((PublishResult.Published, 2L), (receipt.Result, receipt.Position!.Offset));
    }

    [Fact]
    public async Task Entry_is_written_where_it_is_as_expected_and_goes_when_it_is_removed()
    {
        var none = new Publication { Topic = "doc.map", Data = "1"u8.ToArray(), Entry = "e", If = new Position("", 0) };
        var first = await Broker.PublishAsync(none, Cancellation);
        Assert.Equal(PublishResult.Published, first.Result);

        var conflict = await Broker.PublishAsync(none, Cancellation);
        Assert.Equal(new PublishReceipt(PublishResult.Conflict, first.Position), conflict);
        Assert.Equal(["1"], await DataAsync("doc.map"));

        var removal = new Publication { Topic = "doc.map", Entry = "e", Remove = true, If = conflict.Position };
        Assert.Equal(PublishResult.Published, (await Broker.PublishAsync(removal, Cancellation)).Result);
        Assert.Empty(await DataAsync("doc.map"));
    }

    [Fact]
    public async Task What_the_topic_has_not_is_unsupported()
    {
        Assert.Equal(PublishResult.Unsupported, await ResultAsync(new Publication { Topic = "news.a", Data = "1"u8.ToArray(), Key = "k" }));
        Assert.Equal(PublishResult.Unsupported, await ResultAsync(new Publication { Topic = "log.a", Data = "1"u8.ToArray(), Entry = "e" }));
        Assert.Equal(PublishResult.Unsupported, await ResultAsync(new Publication { Topic = "log.a", Remove = true }));
        Assert.Equal(PublishResult.Unsupported, await ResultAsync(new Publication { Topic = "log.a", Data = "1"u8.ToArray(), If = new Position("", 0) }));
    }

    [Theory]
    [InlineData(0, PublishResult.InvalidData)]
    [InlineData(1, PublishResult.Published)]
    [InlineData(64, PublishResult.Published)]
    [InlineData(65, PublishResult.InvalidData)]
    public async Task Key_has_1_to_64_bytes(int length, PublishResult result) =>
        Assert.Equal(result, await ResultAsync(new Publication { Topic = "log.length", Data = "1"u8.ToArray(), Key = new string('k', length) }));

    [Theory]
    [InlineData(0, PublishResult.InvalidData)]
    [InlineData(255, PublishResult.Published)]
    [InlineData(256, PublishResult.InvalidData)]
    public async Task Entry_has_1_to_255_bytes(int length, PublishResult result) =>
        Assert.Equal(result, await ResultAsync(new Publication { Topic = "doc.length", Data = "1"u8.ToArray(), Entry = new string('e', length) }));

    [Theory]
    [InlineData(0, PublishResult.InvalidTopic)]
    [InlineData(1, PublishResult.Published)]
    [InlineData(255, PublishResult.Published)]
    [InlineData(256, PublishResult.InvalidTopic)]
    public async Task User_has_1_to_255_bytes(int length, PublishResult result) =>
        Assert.Equal(result, await ResultAsync(new Publication { User = new string('u', length), Data = "1"u8.ToArray() }));

    [Fact]
    public async Task Batch_has_a_receipt_for_each_in_the_order_given_whatever_becomes_of_some()
    {
        var receipts = await Broker.PublishAsync(
            [
                new Publication { Topic = "log.batch", Data = "1"u8.ToArray() },
                new Publication { Topic = "no topic", Data = "2"u8.ToArray() },
                new Publication { Topic = "news.batch", Data = "3"u8.ToArray() },
                new Publication { Topic = "log.batch", Data = "nothing"u8.ToArray() },
                new Publication { User = "alice", Data = "4"u8.ToArray() },
                new Publication { Topic = "log.batch", Data = "5"u8.ToArray() },
            ],
            Cancellation);

        Assert.Equal(
            [PublishResult.Published, PublishResult.InvalidTopic, PublishResult.Published, PublishResult.InvalidData, PublishResult.Published, PublishResult.Published],
            receipts.Select(static receipt => receipt.Result));
        Assert.Equal(2, receipts[^1].Position!.Offset);
        Assert.Equal(["1", "5"], await DataAsync("log.batch"));
    }

    [Fact]
    public async Task Batch_with_one_that_makes_no_sense_does_nothing()
    {
        var good = new Publication { Topic = "log.sense", Data = "1"u8.ToArray() };
        await Assert.ThrowsAsync<ArgumentException>(() => Broker.PublishAsync([good, good with { Topic = null }], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Broker.PublishAsync([good, good with { User = "alice" }], Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Broker.PublishAsync([.. Enumerable.Repeat(good, ApplicationPublishes.MaxBatch + 1)], Cancellation));

        Assert.Empty(await DataAsync("log.sense"));
    }

    [Fact]
    public async Task Largest_batch_to_one_topic_is_taken_in_its_order()
    {
        var batch = Enumerable.Range(1, ApplicationPublishes.MaxBatch).Select(static n => new Publication { Topic = "log.large", Data = Encoding.UTF8.GetBytes($"{n}") });

        var receipts = await Broker.PublishAsync([.. batch], Cancellation);

        Assert.Equal(Enumerable.Range(1, ApplicationPublishes.MaxBatch).Select(static n => (long)n), receipts.Select(static receipt => receipt.Position!.Offset));
        var newest = await Broker.HistoryAsync("log.large", new HistoryQuery { Limit = 1, Reverse = true }, Cancellation);
        Assert.Equal(ApplicationPublishes.MaxBatch, newest.Messages.Single().Get<int>());
    }

    private async Task<PublishResult> ResultAsync(Publication publication) => (await Broker.PublishAsync(publication, Cancellation)).Result;

    private Task<PublishReceipt> PublishAsync(string topic, string json) =>
        Broker.PublishAsync(new Publication { Topic = topic, Data = Encoding.UTF8.GetBytes(json) }, Cancellation);

    private async Task<IEnumerable<string>> DataAsync(string topic)
    {
        var history = await Broker.HistoryAsync(topic, cancellationToken: Cancellation);
        Assert.Equal(QueryResult.Ok, history.Result);
        return history.Messages.Select(static message => Encoding.UTF8.GetString(message.Data.Span));
    }
}
