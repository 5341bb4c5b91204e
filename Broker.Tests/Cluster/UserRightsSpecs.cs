using System.Net.WebSockets;
using System.Text.Json;
using Broker.Node;
using Broker.Node.Configuration.Options;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>What the application says about a user's rights holds for tokens that were signed before, on one node and on three.</summary>
public sealed class UserRightsSpecs(UserNodes shared) : IClassFixture<UserNodes>, IAsyncDisposable
{
    private static readonly RightsOptions OnlyB = new() { Subscribe = ["open.b", "open.c.*"], Publish = ["open.>"], Deny = new RightsOptions { Publish = ["open.a"] } };
    private readonly List<JsonClient> _clients = [];

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Revoked_user_is_closed_and_kept_out_until_it_has_a_token_signed_later(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var clients = await Task.WhenAll(nodes.Select(node => ConnectAsync(node, "ida")));
        var other = await ConnectAsync(nodes[0], "jim");

        Assert.Equal(PublishResult.Published, await nodes[^1].Api.Users.RevokeAsync("ida", Cancel));

        foreach (var client in clients)
        {
            await client.ReadToCloseAsync(Cancel);
            Assert.Equal(((WebSocketCloseStatus)4003, "revoked"), (client.CloseStatus!.Value, client.CloseReason));
        }

        foreach (var node in nodes)
        {
            var back = await ConnectAsync(node, "ida");
            var last = await back.ReadToCloseAsync(Cancel);
            Assert.Equal(("error", "forbidden"), (JsonClient.TypeOf(last[0]), last[0].GetProperty("code").GetString()));
            Assert.Equal(((WebSocketCloseStatus)4003, "revoked"), (back.CloseStatus!.Value, back.CloseReason));
            await (await ConnectAsync(node, "ida", issued: 25)).SubscribeAsync("open.a", Cancel);
        }

        await other.SubscribeAsync("open.a", Cancel);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Rights_that_are_changed_end_what_they_do_not_allow(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var clients = await Task.WhenAll(nodes.Select(node => ConnectAsync(node, "kim")));
        foreach (var client in clients)
        {
            await client.SubscribeAsync("open.a", Cancel);
            await client.SubscribeAsync("open.b", Cancel);
            await client.SubscribeAsync("open.>", Cancel);
        }

        Assert.Equal(PublishResult.Published, await nodes[0].Api.Users.ChangeRightsAsync("kim", OnlyB, Cancel));

        foreach (var client in clients)
        {
            var ended = new List<string?>();
            while (ended.Count < 2)
            {
                var next = await client.ReceiveAsync(Cancel);
                if (JsonClient.TypeOf(next) == "unsubscribed")
                {
                    Assert.Equal("not allowed any more", next.GetProperty("reason").GetString());
                    ended.Add(next.GetProperty("topic").GetString());
                }
            }

            Assert.Equal(["open.>", "open.a"], ended.Order(StringComparer.Ordinal));
            Assert.Equal(["forbidden", null, "forbidden", null], await AnswersAsync(client));
            await client.CloseAsync(Cancel);
        }

        // The same token has them on a connection to come; a later one its own.
        Assert.Equal(["forbidden", null, "forbidden", null], await AnswersAsync(await ConnectAsync(nodes[^1], "kim")));
        var refreshed = await ConnectAsync(nodes[0], "kim", issued: 25);
        Assert.Equal([null, null, null, null], await AnswersAsync(refreshed));
    }

    [Fact]
    public async Task Node_that_comes_later_and_one_that_has_lost_it_know_what_was_said()
    {
        var users = Enumerable.Range(0, 40).Select(static n => $"user {n}").ToList();
        var nodes = new List<InProcessNode>();
        try
        {
            nodes.Add(await InProcessNode.StartAsync(UserNodes.Config + "broker.cluster.copies = 1", Cancel));
            for (var n = 0; n < 2; n++)
            {
                nodes.Add(await InProcessNode.StartAsync(UserNodes.Config + "broker.cluster.copies = 1", Cancel, nodes[0].Seed));
            }

            foreach (var user in users)
            {
                Assert.Equal(PublishResult.Published, await nodes[0].Api.Users.RevokeAsync(user, Cancel));
            }

            // All know it; the first is put out, and takes with it what it owned alone.
            foreach (var node in nodes)
            {
                await AreRefusedAsync(node, users);
            }

            Akka.Cluster.Cluster.Get(nodes[1].Node.System).Down(Akka.Cluster.Cluster.Get(nodes[0].Node.System).SelfAddress);
            await nodes[0].Node.System!.WhenTerminated.WaitAsync(Cancel);
            nodes.Add(await InProcessNode.StartAsync(UserNodes.Config + "broker.cluster.copies = 1", Cancel, nodes[1].Seed));
            await AreRefusedAsync(nodes[^1], users);
        }
        finally
        {
            await Task.WhenAll(nodes.Select(static node => node.DisposeAsync().AsTask()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    /// <summary>At once, or when the node has heard it: who was let in before that is closed.</summary>
    private async Task AreRefusedAsync(InProcessNode node, IEnumerable<string> users)
    {
        foreach (var user in users)
        {
            var client = await ConnectAsync(node, user);
            await client.ReadToCloseAsync(Cancel);
            Assert.Equal(((WebSocketCloseStatus)4003, "revoked"), (client.CloseStatus!.Value, client.CloseReason));
        }
    }

    private static async Task<IReadOnlyList<string?>> AnswersAsync(JsonClient client) =>
    [
        CodeOf(await AskAsync(client, "subscribe", "open.a")),
        CodeOf(await AskAsync(client, "subscribe", "open.c.*")),
        CodeOf(await AskAsync(client, "publish", "open.a")),
        CodeOf(await AskAsync(client, "publish", "open.d")),
    ];

    private static string? CodeOf(JsonElement answer) => answer.TryGetProperty("code", out var code) ? code.GetString() : null;

    private static Task<JsonElement> AskAsync(JsonClient client, string type, string topic) =>
        client.RequestAsync(new() { ["type"] = type, ["topic"] = topic, ["data"] = 1 }, Cancel);

    /// <param name="node">Where.</param>
    /// <param name="user">As whom.</param>
    /// <param name="issued">Seconds from now at which the token was signed: before the test began, or after all that it does.</param>
    private async Task<JsonClient> ConnectAsync(InProcessNode node, string user, int issued = -10)
    {
        var client = await UserNodes.ConnectAsync(node, user, issued, Cancel);
        lock (_clients)
        {
            _clients.Add(client);
        }

        return client;
    }
}
