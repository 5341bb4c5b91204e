using System.Text;
using Broker.Node;
using Broker.Tests.Clients;
using Broker.Tests.Support;

namespace Broker.Tests.Hosting.Application;

/// <summary>What comes to a subscription of the application, and what ends it.</summary>
public sealed class ServerSubscriptionSpecs(TopicsHost shared) : RealClientSpecs, IClassFixture<TopicsHost>
{
    private IBroker Broker => shared.Broker;

    [Fact]
    public async Task Messages_of_a_topic_come_in_order_behind_the_word_that_it_is_subscribed()
    {
        var (reader, subscribed) = await Broker.OpenAsync("news.live", Cancellation);
        Assert.Equal(("news.live", null, null), (subscribed.Topic, subscribed.Position, subscribed.Recovered));
        for (var n = 0; n < 2000; n++)
        {
            await Broker.PublishAsync("news.live", n, cancellationToken: Cancellation);
        }

        for (var n = 0; n < 2000; n++)
        {
            var message = await reader.NextAsync();
            Assert.Equal((BrokerMessageKind.Message, "news.live", n), (message.Kind, message.Topic, message.Get<int>()));
        }

        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Who_goes_on_from_the_position_of_the_last_message_seen_gets_what_it_missed()
    {
        var (reader, subscribed) = await Broker.OpenAsync("log.recover", Cancellation);
        Assert.Equal(0, subscribed.Position!.Offset);
        await Broker.PublishAsync("log.recover", 1, cancellationToken: Cancellation);
        var seen = await reader.NextAsync();
        await reader.DisposeAsync();
        for (var n = 2; n <= 50; n++)
        {
            await Broker.PublishAsync("log.recover", n, cancellationToken: Cancellation);
        }

        (reader, subscribed) = await Broker.OpenAsync("log.recover", Cancellation, new SubscribeOptions { Recover = seen.Position });
        Assert.Equal((true, 50L), (subscribed.Recovered, subscribed.Position!.Offset));
        await Broker.PublishAsync("log.recover", 51, cancellationToken: Cancellation);
        for (var n = 2; n <= 51; n++)
        {
            var message = await reader.NextAsync();
            Assert.Equal((n, seen.Position! with { Offset = n }), (message.Get<int>(), message.Position));
        }

        await reader.DisposeAsync();
        (reader, subscribed) = await Broker.OpenAsync("log.recover", Cancellation, new SubscribeOptions { Recover = new Position("x", 1), Last = 2 });
        Assert.False(subscribed.Recovered);
        Assert.Equal(50, (await reader.NextAsync()).Get<int>());
        Assert.Equal(51, (await reader.NextAsync()).Get<int>());
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Topic_that_keeps_the_latest_begins_with_its_entries()
    {
        await Broker.PublishAsync(new Publication { Topic = "doc.watch", Entry = "a", Data = "1"u8.ToArray() }, Cancellation);
        var (reader, subscribed) = await Broker.OpenAsync("doc.watch", Cancellation);
        await Broker.PublishAsync(new Publication { Topic = "doc.watch", Entry = "a", Remove = true }, Cancellation);

        Assert.Equal(1, subscribed.Snapshot);
        var kept = await reader.NextAsync();
        Assert.Equal(("a", 1, false), (kept.Entry, kept.Get<int>(), kept.Removed));
        var removed = await reader.NextAsync();
        Assert.Equal(("a", true, 0), (removed.Entry, removed.Removed, removed.Data.Length));
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Pattern_brings_what_is_published_to_all_topics_that_it_matches()
    {
        var (reader, subscribed) = await Broker.OpenAsync("*.pattern", Cancellation);
        Assert.Equal("*.pattern", subscribed.Topic);
        await Broker.PublishAsync("log.pattern", "sequenced", cancellationToken: Cancellation);
        var message = await reader.NextAsync();
        Assert.Equal(("log.pattern", "*.pattern", "sequenced", 1L), (message.Topic, message.Pattern, message.Get<string>(), message.Offset!.Value));
        Assert.Null(message.Position);
        await Broker.PublishAsync("news.pattern", "broadcast", cancellationToken: Cancellation);
        Assert.Equal("broadcast", (await reader.NextAsync()).Get<string>());
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Members_are_shown_and_the_application_is_none()
    {
        var (reader, subscribed) = await Broker.OpenAsync("log.present", Cancellation, new SubscribeOptions { Presence = true });
        Assert.Equal((0L, 0), (subscribed.Presence!.Users, subscribed.Presence.Members.Count));

        await using var client = await JsonClient.ConnectAsync(shared.Host.WebSocket, Cancellation);
        await client.SubscribeAsync("log.present", Cancellation);

        var joined = await reader.NextAsync();
        Assert.Equal(BrokerMessageKind.Join, joined.Kind);
        Assert.Equal([client.Welcome.GetProperty("connection").GetString()], joined.Members.Select(static member => member.User));
        await reader.DisposeAsync();
        (reader, subscribed) = await Broker.OpenAsync("log.present", Cancellation, new SubscribeOptions { Presence = true });
        Assert.Equal((1L, 1), (subscribed.Presence!.Users, subscribed.Presence.Members.Count));
        await reader.DisposeAsync();
    }

    [Fact]
    public async Task What_the_topic_has_not_is_refused_with_the_code_that_a_client_gets()
    {
        Assert.Equal("invalid_topic", await Broker.RefusalAsync("a..b"));
        Assert.Equal("invalid_topic", await Broker.RefusalAsync("a.>.b"));
        Assert.Equal("invalid_topic", await Broker.RefusalAsync("$user"));
        Assert.Equal("unsupported", await Broker.RefusalAsync("news.a", new SubscribeOptions { Last = 1 }));
        Assert.Equal("unsupported", await Broker.RefusalAsync("plain.a", new SubscribeOptions { Last = 1 }));
        Assert.Equal("unsupported", await Broker.RefusalAsync("doc.a", new SubscribeOptions { Presence = true }));
        Assert.Equal("unsupported", await Broker.RefusalAsync("log.*", new SubscribeOptions { Last = 1 }));
        await using var host = InProcessHost.Create();
        Assert.Equal("unavailable", await host.Broker.RefusalAsync("news.a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Broker.SubscribeAsync("log.a", new SubscribeOptions { Last = 301 }, Cancellation));
        Assert.Throws<ArgumentOutOfRangeException>(() => Broker.SubscribeAsync("log.a", new SubscribeOptions { Buffer = 1 }, Cancellation));
    }

    [Fact]
    public async Task Messages_larger_than_the_buffer_come_whole()
    {
        var (reader, _) = await Broker.OpenAsync("news.large", Cancellation, new SubscribeOptions { Buffer = 4096 });
        for (var n = 0; n < 5; n++)
        {
            await Broker.PublishAsync("news.large", new string((char)('a' + n), 200_000), cancellationToken: Cancellation);
        }

        for (var n = 0; n < 5; n++)
        {
            Assert.Equal(new string((char)('a' + n), 200_000), (await reader.NextAsync()).Get<string>());
        }

        await reader.DisposeAsync();
    }

    [Fact]
    public async Task Reader_that_does_not_keep_up_is_told_so()
    {
        var (reader, _) = await Broker.OpenAsync("news.slow", Cancellation, new SubscribeOptions { Buffer = 4096 });
        await FloodAsync("news.slow");

        Assert.Equal(SubscriptionEnd.TooSlow, await reader.EndAsync());
    }

    [Fact]
    public async Task Reader_of_a_topic_that_skips_gets_a_gap_and_goes_on()
    {
        var (reader, _) = await Broker.OpenAsync("skip.slow", Cancellation, new SubscribeOptions { Buffer = 4096 });
        await FloodAsync("skip.slow");

        while ((await reader.NextAsync()).Kind != BrokerMessageKind.Gap)
        {
        }

        await Broker.PublishAsync("skip.slow", "after", cancellationToken: Cancellation);
        while (Encoding.UTF8.GetString((await reader.NextAsync()).Data.Span) != "\"after\"")
        {
        }

        await reader.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Leaving_the_loop_or_cancelling_closes_the_cursor(bool isCancelled)
    {
        var topic = $"one.{isCancelled}";
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var (reader, _) = await Broker.OpenAsync(topic, cancelled.Token);
        await using var client = await JsonClient.ConnectAsync(shared.Host.WebSocket, Cancellation);
        Assert.Equal("error", JsonClient.TypeOf(await SubscribeAsync(client, topic)));

        if (isCancelled)
        {
            var next = reader.MoveNextAsync();
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.AsTask());
        }
        else
        {
            await reader.DisposeAsync();
        }

        // A topic with one subscriber has room again.
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (JsonClient.TypeOf(await SubscribeAsync(client, topic)) != "subscribed")
        {
            await tick.WaitForNextTickAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Node_that_stops_says_so_behind_what_came()
    {
        await using var host = await InProcessHost.StartAsync(Cancellation);
        var (reader, _) = await host.Broker.OpenAsync("chat.stop", Cancellation);
        await host.Broker.PublishAsync("chat.stop", "last", cancellationToken: Cancellation);
        var stopping = host.StopAsync(Cancellation);

        Assert.Equal("last", (await reader.NextAsync()).Get<string>());
        Assert.Equal(SubscriptionEnd.Stopped, await reader.EndAsync());
        await stopping;
        Assert.Equal("unavailable", await host.Broker.RefusalAsync("chat.stop"));
    }

    private static Task<System.Text.Json.JsonElement> SubscribeAsync(JsonClient client, string topic) =>
        client.RequestAsync(new() { ["type"] = "subscribe", ["topic"] = topic }, TestContext.Current.CancellationToken);

    /// <summary>More than the bound on lag, in messages that a buffer has no room for.</summary>
    private async Task FloodAsync(string topic)
    {
        for (var n = 0; n < 400; n++)
        {
            await Broker.PublishAsync(topic, new string('x', 10_000), cancellationToken: Cancellation);
        }
    }
}
