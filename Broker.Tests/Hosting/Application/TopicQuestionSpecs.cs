using Broker.Node;
using Broker.Tests.Clients;
using Broker.Tests.Contracts;
using Broker.Tests.Support;

namespace Broker.Tests.Hosting.Application;

/// <summary>What <see cref="IBroker"/> says of the history of a topic and of who is there.</summary>
public sealed class TopicQuestionSpecs(TopicsHost shared) : RealClientSpecs, IClassFixture<TopicsHost>
{
    private IBroker Broker => shared.Broker;

    [Fact]
    public async Task History_is_paged_both_ways_by_the_positions_of_its_messages()
    {
        for (var n = 1; n <= 25; n++)
        {
            await Broker.PublishAsync("log.pages", n, cancellationToken: Cancellation);
        }

        var first = await Broker.HistoryAsync("log.pages", new HistoryQuery { Limit = 10 }, Cancellation);
        Assert.Equal((QueryResult.Ok, 25L, true), (first.Result, first.Position!.Offset, first.More));
        Assert.Equal(Enumerable.Range(1, 10), Numbers(first));
        var rest = await Broker.HistoryAsync("log.pages", new HistoryQuery { Since = first.Messages[^1].Position }, Cancellation);
        Assert.Equal(Enumerable.Range(11, 15), Numbers(rest));
        Assert.False(rest.More);
        var back = await Broker.HistoryAsync("log.pages", new HistoryQuery { Since = rest.Messages[0].Position, Limit = 3, Reverse = true }, Cancellation);
        Assert.Equal([10, 9, 8], Numbers(back));
    }

    [Fact]
    public async Task Message_says_who_published_it_and_when_and_bytes_of_MessagePack_are_base64()
    {
        var before = DateTimeOffset.UtcNow.AddMilliseconds(-1);
        await using var text = await JsonClient.ConnectAsync(shared.Host.WebSocket, Cancellation);
        await text.PublishAsync("log.from", "x", Cancellation);
        await using var binary = await FormatClient.ConnectAsync(shared.Host.WebSocket, FormatSample.MessagePack, Cancellation);
        await binary.PublishAsync("log.from", [0xc4, 2, 1, 2], Cancellation);
        await binary.AskAsync("""{"type":"ping"}""", Cancellation);

        var messages = (await Broker.HistoryAsync("log.from", cancellationToken: Cancellation)).Messages;

        Assert.Equal([("x", false), ("AQI=", true)], messages.Select(static message => (message.Get<string>(), message.IsBase64)));
        Assert.Equal(new MessageSender(null, text.Welcome.GetProperty("connection").GetString()!, default), messages[0].From! with { Info = default });
        Assert.InRange(messages[0].Time!.Value, before, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task Topic_that_keeps_the_latest_answers_with_its_entries()
    {
        await Broker.PublishAsync(
            [
                new Publication { Topic = "doc.entries", Entry = "a", Data = "1"u8.ToArray() },
                new Publication { Topic = "doc.entries", Entry = "b", Data = "2"u8.ToArray() },
                new Publication { Topic = "doc.entries", Entry = "a", Data = "3"u8.ToArray() },
            ],
            Cancellation);

        var history = await Broker.HistoryAsync("doc.entries", cancellationToken: Cancellation);

        Assert.Equal([("b", 2, 2L), ("a", 3, 3L)], history.Messages.Select(static message => (message.Entry, message.Get<int>(), message.Offset!.Value)));
    }

    [Fact]
    public async Task What_cannot_be_answered_has_a_result()
    {
        var foreign = new HistoryQuery { Since = new Position("x", 1) };
        Assert.Equal(QueryResult.StalePosition, (await Broker.HistoryAsync("log.stale", foreign, Cancellation)).Result);
        Assert.Equal(QueryResult.Unsupported, (await Broker.HistoryAsync("plain.a", cancellationToken: Cancellation)).Result);
        Assert.Equal(QueryResult.Unsupported, (await Broker.HistoryAsync("news.a", cancellationToken: Cancellation)).Result);
        Assert.Equal(QueryResult.Unsupported, (await Broker.PresenceAsync("doc.a", cancellationToken: Cancellation)).Result);
        Assert.Equal(QueryResult.InvalidTopic, (await Broker.HistoryAsync("log.>", cancellationToken: Cancellation)).Result);
        Assert.Equal(QueryResult.InvalidTopic, (await Broker.PresenceAsync("$user.alice", cancellationToken: Cancellation)).Result);
        await using var host = InProcessHost.Create();
        Assert.Equal(QueryResult.Unavailable, (await host.Broker.HistoryAsync("chat.a", cancellationToken: Cancellation)).Result);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(301)]
    public async Task Limit_is_1_to_300(int limit)
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Broker.HistoryAsync("log.limit", new HistoryQuery { Limit = limit }, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Broker.PresenceAsync("log.limit", new PresenceQuery { Limit = limit }, Cancellation));
    }

    [Fact]
    public async Task Page_of_members_that_nobody_gave_is_an_argument_that_makes_no_sense() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Broker.PresenceAsync("log.limit", new PresenceQuery { After = "-1" }, Cancellation));

    [Fact]
    public async Task Members_are_paged()
    {
        Assert.Equal((0, null), Counts(await Broker.PresenceAsync("log.members", cancellationToken: Cancellation)));
        await using var first = await JoinAsync();
        await using var second = await JoinAsync();
        await using var third = await JoinAsync();

        var page = await Broker.PresenceAsync("log.members", new PresenceQuery { Limit = 2 }, Cancellation);
        Assert.Equal((3L, 3L), (page.Users, page.Connections));
        Assert.Equal([Name(first), Name(second)], page.Members.Select(static member => member.User));
        page = await Broker.PresenceAsync("log.members", new PresenceQuery { Limit = 2, After = page.After }, Cancellation);
        Assert.Equal([Name(third)], page.Members.Select(static member => member.User));
        Assert.Null(page.After);

        static (long, string?) Counts(PresencePage page) => (page.Users, page.After);
        static string? Name(JsonClient client) => client.Welcome.GetProperty("connection").GetString();
    }

    private async Task<JsonClient> JoinAsync()
    {
        var client = await JsonClient.ConnectAsync(shared.Host.WebSocket, Cancellation);
        await client.SubscribeAsync("log.members", Cancellation);
        return client;
    }

    private static IEnumerable<int> Numbers(HistoryPage page) => page.Messages.Select(static message => message.Get<int>());
}
