using System.Text;
using System.Text.Json;
using Broker.Node;
using Broker.Tests.Clients;
using Broker.Tests.Support;

namespace Broker.Tests.Hosting;

public sealed class BrokerApiSpecs(OneHost shared) : RealClientSpecs, IClassFixture<OneHost>
{
    /// <summary><c>broker.limits.api-message</c>.</summary>
    private const int ApiMessage = 1024 * 1024;

    private IBroker Broker => shared.Host.Broker;

    private Uri Address => shared.Host.WebSocket;

    [Fact]
    public async Task Published_value_reaches_subscribers()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);
        await client.SubscribeAsync("news.api", Cancellation);

        var result = await Broker.PublishAsync("news.api", new { text = "from inside" }, cancellationToken: Cancellation);

        Assert.Equal(PublishResult.Published, result);
        var message = await client.ReceiveAsync(Cancellation);
        Assert.Equal("""{"type":"message","topic":"news.api","data":{"text":"from inside"}}""", message.GetRawText());
    }

    [Fact]
    public async Task On_a_sequenced_topic_it_has_its_place_in_the_order_and_the_history()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);
        await client.SubscribeAsync("chat.api", Cancellation);
        await client.PublishAsync("chat.api", "outside", Cancellation);
        Assert.Equal(PublishResult.Published, await Broker.PublishAsync("chat.api", "inside", cancellationToken: Cancellation));

        Assert.Equal(["1 outside", "2 inside"], [Text(await client.ReceiveAsync(Cancellation)), Text(await client.ReceiveAsync(Cancellation))]);
        var history = await client.RequestAsync(new() { ["type"] = "history", ["topic"] = "chat.api" }, Cancellation);
        Assert.Equal(["1 outside", "2 inside"], history.GetProperty("messages").EnumerateArray().Select(Text));

        static string Text(JsonElement push) => $"{push.GetProperty("offset").GetInt64()} {push.GetProperty("data").GetString()}";
    }

    [Fact]
    public async Task Publishes_awaited_one_after_another_arrive_in_order()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);
        await client.SubscribeAsync("news.order", Cancellation);

        for (var n = 0; n < 300; n++)
        {
            Assert.Equal(PublishResult.Published, await Broker.PublishAsync("news.order", n, cancellationToken: Cancellation));
        }

        for (var n = 0; n < 300; n++)
        {
            Assert.Equal(n, (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetInt32());
        }
    }

    [Fact]
    public async Task Publishes_that_nobody_awaits_arrive_in_order()
    {
        const int Count = 5000;
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);
        await client.SubscribeAsync("news.burst", Cancellation);

        var results = Enumerable.Range(0, Count).Select(n => Broker.PublishAsync("news.burst", n, cancellationToken: Cancellation)).ToArray();

        for (var n = 0; n < Count; n++)
        {
            Assert.Equal(n, (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetInt32());
        }

        Assert.All(await Task.WhenAll(results), result => Assert.Equal(PublishResult.Published, result));
    }

    [Fact]
    public async Task Bytes_of_a_publish_whose_wait_is_cancelled_are_the_callers_again_at_once()
    {
        const int Count = 2000;
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);
        await client.SubscribeAsync("news.cancelled", Cancellation);
        var rented = new byte[1];
        using var cancelled = new CancellationTokenSource();

        // More than are under way at once: the last of them wait behind the others.
        var results = new List<Task<PublishResult>>();
        for (var n = 0; n < Count; n++)
        {
            rented[0] = (byte)('0' + (n % 10));
            results.Add(Broker.PublishAsync("news.cancelled", rented, cancelled.Token));
        }

        await cancelled.CancelAsync();
        rented[0] = (byte)'!';

        for (var n = 0; n < Count; n++)
        {
            Assert.Equal(n % 10, (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetInt32());
        }

        Assert.All(results, static result => Assert.True(result.IsCompletedSuccessfully || result.IsCanceled));
    }

    [Fact]
    public async Task Every_publish_under_way_while_the_node_stops_is_answered()
    {
        await using var host = await InProcessHost.StartAsync(Cancellation);
        var results = new List<Task<PublishResult>>();
        var stopping = host.StopAsync(Cancellation);
        while (!stopping.IsCompleted)
        {
            results.AddRange(Enumerable.Range(0, 100).Select(n => host.Broker.PublishAsync("news.stop", n, cancellationToken: Cancellation)));
            await results[^1];
        }

        await stopping;
        Assert.All(await Task.WhenAll(results), result => Assert.True(result is PublishResult.Published or PublishResult.Unavailable));
        Assert.Contains(PublishResult.Unavailable, results.Select(static result => result.Result));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("news.*")]
    [InlineData("news.>")]
    [InlineData("$user.42")]
    [InlineData("with space")]
    [InlineData("a\"b")]
    [InlineData("ümlaut")]
    public async Task Name_that_is_no_topic_is_refused(string topic) =>
        Assert.Equal(PublishResult.InvalidTopic, await Broker.PublishAsync(topic, 1, cancellationToken: Cancellation));

    [Fact]
    public async Task Topic_of_256_bytes_is_refused()
    {
        Assert.Equal(PublishResult.InvalidTopic, await Broker.PublishAsync(new string('a', 256), 1, cancellationToken: Cancellation));
        Assert.Equal(PublishResult.Published, await Broker.PublishAsync(new string('a', 255), 1, cancellationToken: Cancellation));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("1 2")]
    [InlineData("1,\"topic\":\"other\"")]
    [InlineData("1}{\"type\":\"ping\"")]
    [InlineData("1},{\"type\":\"ping\"")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("nul")]
    public async Task Data_that_is_not_one_json_value_is_refused(string data) =>
        Assert.Equal(PublishResult.InvalidData, await Broker.PublishAsync("news.api", Encoding.UTF8.GetBytes(data), Cancellation));

    [Fact]
    public async Task Data_that_is_not_utf8_is_refused() =>
        Assert.Equal(PublishResult.InvalidData, await Broker.PublishAsync("news.api", new byte[] { (byte)'"', 0xFF, (byte)'"' }, Cancellation));

    [Fact]
    public async Task Data_over_the_limit_is_refused_and_data_at_the_limit_is_not()
    {
        var data = Encoding.UTF8.GetBytes('"' + new string('x', ApiMessage - 1) + '"');

        Assert.Equal(PublishResult.TooLarge, await Broker.PublishAsync("news.api", data, Cancellation));
        data[^2] = (byte)'"';
        Assert.Equal(PublishResult.Published, await Broker.PublishAsync("news.api", data.AsMemory(..^1), Cancellation));
    }

    [Fact]
    public async Task State_counts_connections()
    {
        await Eventually.IsTrueAsync(() => Broker.State.Connections == 0, "those of other specs have ended");
        await using (await JsonClient.ConnectAsync(Address, Cancellation))
        {
            Assert.Equal(1, Broker.State.Connections);
        }

        await Eventually.IsTrueAsync(() => Broker.State.Connections == 0, "the connection has ended");
    }

    [Fact]
    public async Task State_has_the_name_clients_see()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);

        Assert.Equal(client.Welcome.GetProperty("node").GetString(), Broker.State.Name);
        Assert.True(Broker.State.IsReady);
        Assert.Equal(1, Broker.State.Members);
    }

    [Fact]
    public async Task Stopped_node_answers_unavailable()
    {
        await using var host = await InProcessHost.StartAsync(Cancellation);
        await host.StopAsync(Cancellation);

        Assert.Equal(PublishResult.Unavailable, await host.Broker.PublishAsync("news.api", 1, cancellationToken: Cancellation));
        Assert.False(host.Broker.State.IsReady);
    }

    [Fact]
    public async Task Node_that_has_not_started_answers_unavailable()
    {
        await using var host = InProcessHost.Create();

        Assert.Equal(PublishResult.Unavailable, await host.Broker.PublishAsync("news.api", 1, cancellationToken: Cancellation));
        Assert.False(host.Broker.Ready.IsCompleted);
        Assert.Equal(new NodeState("", false, 0, 0), host.Broker.State);
    }
}
