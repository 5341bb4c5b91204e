using System.Net.WebSockets;
using System.Text.Json;
using Broker.Node;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>What the application publishes to users and asks of their connections, on one node and on three.</summary>
public sealed class UserTopicSpecs(UserNodes shared) : IClassFixture<UserNodes>, IAsyncDisposable
{
    private readonly List<JsonClient> _clients = [];

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task What_any_node_publishes_to_a_user_comes_to_all_of_its_connections_in_order(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        foreach (var user in new[] { "ann", "ann \"of\" Ä.*.>\\", new string('x', 255) })
        {
            var clients = await Task.WhenAll(nodes.Select(node => ConnectAsync(node, user)));
            var other = await ConnectAsync(nodes[0], "b" + user[1..]);
            var begins = await Task.WhenAll(clients.Select(static async client => (await ReadAsync(client, "subscribed")).GetProperty("offset").GetInt64()));
            for (var n = 0; n < 30; n++)
            {
                Assert.Equal(PublishResult.Published, await nodes[n % count].Api.Users.PublishAsync(user, n, cancellationToken: Cancel));
            }

            foreach (var (client, begin) in clients.Zip(begins))
            {
                for (var n = 0; n < 30; n++)
                {
                    var push = await ReadAsync(client, "message");
                    Assert.Equal(("$user", n, begin + n + 1), (push.GetProperty("topic").GetString(), push.GetProperty("data").GetInt32(), push.GetProperty("offset").GetInt64()));
                }
            }

            await ReadAsync(other, "subscribed");
            await NothingCameAsync(other);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Who_was_away_gets_what_was_published_to_the_user_meanwhile(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var away = await ConnectAsync(nodes[0], "carl");
        var position = await ReadAsync(away, "subscribed");
        Assert.Equal("own topic", position.GetProperty("reason").GetString());
        await away.CloseAsync(Cancel);
        for (var n = 0; n < 5; n++)
        {
            await nodes[0].Api.Users.PublishAsync("carl", n, cancellationToken: Cancel);
        }

        var back = await ConnectAsync(nodes[^1], "carl");
        Assert.Equal(5, (await ReadAsync(back, "subscribed")).GetProperty("offset").GetInt64() - position.GetProperty("offset").GetInt64());
        var since = new { epoch = position.GetProperty("epoch").GetString(), offset = position.GetProperty("offset").GetInt64() };
        var recovered = await AskAsync(back, "subscribe", "$user", ("recover", since));
        Assert.Equal(("$user", true), (recovered.GetProperty("topic").GetString(), recovered.GetProperty("recovered").GetBoolean()));
        await nodes[0].Api.Users.PublishAsync("carl", 5, cancellationToken: Cancel);
        for (var n = 0; n <= 5; n++)
        {
            Assert.Equal(n, (await ReadAsync(back, "message")).GetProperty("data").GetInt32());
        }

        var history = await AskAsync(back, "history", "$user", ("since", since));
        Assert.Equal(6, history.GetProperty("messages").GetArrayLength());
        Assert.Equal("$user", history.GetProperty("topic").GetString());
    }

    [Theory]
    [InlineData("publish", "forbidden")]
    [InlineData("unsubscribe", "unsupported")]
    [InlineData("presence", "unsupported")]
    public async Task Clients_do_nothing_else_with_it(string type, string code)
    {
        var nodes = await shared.StartAsync(1, Cancel);
        var client = await ConnectAsync(nodes[0], "dora");
        await ReadAsync(client, "subscribed");
        var error = await AskAsync(client, type, "$user", ("data", 1));
        Assert.Equal((code, "$user"), (error.GetProperty("code").GetString(), error.GetProperty("topic").GetString()));
        Assert.Equal("forbidden", (await AskAsync(client, "subscribe", "$user.ann")).GetProperty("code").GetString());
        Assert.Equal("subscribed", JsonClient.TypeOf(await AskAsync(client, "subscribe", "$user")));
        await nodes[0].Api.Users.PublishAsync("dora", 1, cancellationToken: Cancel);
        await ReadAsync(client, "message");
        await NothingCameAsync(client);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Application_closes_all_connections_of_a_user_and_nobody_elses(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var clients = await Task.WhenAll(nodes.Select(node => ConnectAsync(node, "emil")));
        var other = await ConnectAsync(nodes[0], "fred");
        await ReadAsync(other, "subscribed");
        await Task.WhenAll(clients.Select(client => ReadAsync(client, "subscribed")));

        Assert.Equal(PublishResult.Published, await nodes[0].Api.Users.DisconnectAsync("emil", Cancel));

        foreach (var client in clients)
        {
            Assert.Equal("disconnecting", JsonClient.TypeOf(Assert.Single(await client.ReadToCloseAsync(Cancel))));
            Assert.Equal(((WebSocketCloseStatus)4003, "disconnected"), (client.CloseStatus!.Value, client.CloseReason));
        }

        await NothingCameAsync(other);
        await ReadAsync(await ConnectAsync(nodes[^1], "emil"), "subscribed");
    }

    [Theory]
    [InlineData(1, "closed.live")]
    [InlineData(3, "closed.live")]
    [InlineData(1, "open.kept.a")]
    [InlineData(3, "open.kept.a")]
    public async Task Application_subscribes_a_user_to_a_topic_and_ends_it(int count, string topic)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var user = $"gina {topic}";
        var clients = await Task.WhenAll(nodes.Select(node => ConnectAsync(node, user)));
        await Task.WhenAll(clients.Select(client => ReadAsync(client, "subscribed")));

        Assert.Equal(PublishResult.Published, await nodes[0].Api.Users.SubscribeAsync(user, topic, Cancel));
        foreach (var client in clients)
        {
            var subscribed = await ReadAsync(client, "subscribed");
            Assert.Equal((topic, "by the server"), (subscribed.GetProperty("topic").GetString(), subscribed.GetProperty("reason").GetString()));
        }

        await nodes[0].Api.PublishAsync(topic, 1, cancellationToken: Cancel);
        await nodes[^1].Api.Users.UnsubscribeAsync(user, topic, Cancel);
        foreach (var client in clients)
        {
            Assert.Equal(1, (await ReadAsync(client, "message")).GetProperty("data").GetInt32());
            var ended = await ReadAsync(client, "unsubscribed");
            Assert.Equal((topic, "by the server"), (ended.GetProperty("topic").GetString(), ended.GetProperty("reason").GetString()));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task User_has_only_so_many_connections_in_the_whole_cluster(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var clients = new List<JsonClient>();
        for (var n = 0; n < UserNodes.MostConnections; n++)
        {
            clients.Add(await ConnectAsync(nodes[n % count], "hans"));
            await ReadAsync(clients[^1], "subscribed");
        }

        foreach (var node in nodes)
        {
            var refused = await ConnectAsync(node, "hans");
            var last = await refused.ReadToCloseAsync(Cancel);
            Assert.Equal("limit_exceeded", last[0].GetProperty("code").GetString());
            Assert.Equal((WebSocketCloseStatus.PolicyViolation, "too many connections"), (refused.CloseStatus!.Value, refused.CloseReason));
        }

        // Nor by asking for the topic anew before the count has come.
        foreach (var node in nodes)
        {
            var refused = await ConnectAsync(node, "hans");
            await refused.SendAsync(new { type = "subscribe", topic = "$user", recover = new { epoch = "1-1", offset = 0 } }, Cancel);
            await refused.ReadToCloseAsync(Cancel);
            Assert.Equal((WebSocketCloseStatus.PolicyViolation, "too many connections"), (refused.CloseStatus!.Value, refused.CloseReason));
        }

        // A place that is free is given again; those that were refused hold none.
        await clients[0].CloseAsync(Cancel);
        while (JsonClient.TypeOf(await (await ConnectAsync(nodes[^1], "hans")).ReceiveAsync(Cancel)) != "subscribed")
        {
            Cancel.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    private async Task<JsonClient> ConnectAsync(InProcessNode node, string user)
    {
        var client = await UserNodes.ConnectAsync(node, user, issued: 0, Cancel);
        lock (_clients)
        {
            _clients.Add(client);
        }

        return client;
    }

    private static Task<JsonElement> AskAsync(JsonClient client, string type, string topic, params (string Name, object Value)[] keys) =>
        client.RequestAsync(new(keys.Select(static key => KeyValuePair.Create(key.Name, key.Value))) { ["type"] = type, ["topic"] = topic }, Cancel);

    private static async Task<JsonElement> ReadAsync(JsonClient client, string type)
    {
        var next = await client.ReceiveAsync(Cancel);
        Assert.True(JsonClient.TypeOf(next) == type, $"{type} was expected, {next} came");
        return next;
    }

    /// <summary>The answer to a request is the next that comes.</summary>
    private static async Task NothingCameAsync(JsonClient client)
    {
        await client.SendAsync(new { type = "unsubscribe", topic = "open.nothing" }, Cancel);
        await ReadAsync(client, "unsubscribed");
    }
}
