using System.Text.Json;
using Broker.Node;
using Broker.Node.Configuration.Options;
using Broker.Tests.Clients;
using Broker.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Tests.Hosting;

/// <summary>What the application decides about clients of a running node.</summary>
public sealed class BrokerHooksSpecs : RealClientSpecs
{
    private const string Secret = "k3vQ0m1yXb8Zt5rW2nPq7sLd9fGhJ4cA6eUi";
    private readonly Hooks _hooks = new();

    [Fact]
    public async Task Refused_request_gets_the_reason_and_is_not_carried_out()
    {
        _hooks.OnSubscribe = static request => new(request.Topic == "secret" ? HookAnswer.Refuse("not for you") : HookAnswer.Allow);
        _hooks.OnPublish = static request => new(request.ToJson().ValueKind == JsonValueKind.Number ? HookAnswer.Refuse("no numbers") : HookAnswer.Allow);
        await using var host = await StartAsync();
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);

        AssertError(await SubscribeAsync(client, "secret"), "forbidden", "not for you", "secret");
        await client.SubscribeAsync("open", Cancellation);
        AssertError(await PublishAsync(client, "open", 1), "forbidden", "no numbers", "open");
        await client.PublishAsync("open", "text", Cancellation);
        Assert.Equal("text", (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
    }

    [Fact]
    public async Task Hook_sees_who_asks()
    {
        HookRequest? seen = null;
        _hooks.OnPublish = request =>
        {
            seen = request;
            return new(HookAnswer.Allow);
        };
        await using var host = await StartAsync();
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await client.PublishAsync("a", new { x = 1 }, Cancellation);

        var publish = Assert.IsType<HookRequest.Publish>(seen);
        Assert.Equal((null, client.Welcome.GetProperty("connection").GetString(), "127.0.0.1", "a"), (publish.User, publish.Connection, publish.Remote.ToString(), publish.Topic));
        Assert.Equal("{\"x\":1}"u8.ToArray(), publish.Data.ToArray());
    }

    [Theory]
    [InlineData("""{"type":"publish","topic":"a","data":1,"id":1}""", """{"type":"publish","topic":"a","data":2,"id":2}""", """{"type":"unsubscribe","topic":"a","id":3}""")]
    [InlineData("""[{"type":"publish","topic":"a","data":1,"id":1},{"type":"publish","topic":"a","data":2,"id":2},{"type":"unsubscribe","topic":"a","id":3}]""")]
    public async Task What_is_sent_behind_a_request_that_waits_is_answered_in_order(params string[] frames)
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<HookAnswer>();
        _hooks.OnPublish = request =>
        {
            if (request.ToJson().GetInt32() == 1)
            {
                asked.TrySetResult();
                return new(answer.Task);
            }

            return new(HookAnswer.Allow);
        };
        await using var host = await StartAsync();
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await using var other = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        foreach (var frame in frames)
        {
            await client.SendAsync(System.Text.Encoding.UTF8.GetBytes(frame), System.Net.WebSockets.WebSocketMessageType.Text, Cancellation);
        }

        // Whoever else is there does not wait; and by then the node has had time for the replies that must not come.
        await asked.Task.WaitAsync(Cancellation);
        for (var i = 0; i < 20; i++)
        {
            await other.PublishAsync("a", 2, Cancellation);
        }

        answer.SetResult(HookAnswer.Refuse("no"));
        var replies = new[] { await client.ReceiveAsync(Cancellation), await client.ReceiveAsync(Cancellation), await client.ReceiveAsync(Cancellation) };
        Assert.Equal([(1, "error"), (2, "published"), (3, "unsubscribed")], replies.Select(static reply => (reply.GetProperty("id").GetInt32(), JsonClient.TypeOf(reply))));
    }

    [Fact]
    public async Task Requests_that_each_wait_are_each_answered()
    {
        _hooks.OnPublish = static async request =>
        {
            await Task.Yield();
            return request.ToJson().GetInt32() % 10 != 5 ? HookAnswer.Allow : HookAnswer.Refuse("five");
        };
        await using var host = await StartAsync();
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await client.SendAsync(Enumerable.Range(0, 100).Select(static i => new { type = "publish", topic = "a", data = i, id = i }), Cancellation);
        for (var i = 100; i < 150; i++)
        {
            await client.SendAsync(new { type = "publish", topic = "a", data = i, id = i }, Cancellation);
        }

        for (var i = 0; i < 150; i++)
        {
            var reply = await client.ReceiveAsync(Cancellation);
            Assert.Equal((i, i % 10 != 5 ? "published" : "error"), (reply.GetProperty("id").GetInt32(), JsonClient.TypeOf(reply)));
        }
    }

    [Fact]
    public async Task Hook_that_is_late_or_throws_costs_its_request_only()
    {
        _hooks.OnPublish = static request => request.Topic switch
        {
            "late" => new(new TaskCompletionSource<HookAnswer>().Task),
            "broken" => throw new InvalidOperationException("password=1234"),
            _ => new(HookAnswer.Allow),
        };
        await using var host = await StartAsync(("Broker:Hooks:Timeout", "100ms"));
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);

        var late = await PublishAsync(client, "late", 1);
        AssertError(late, "unavailable", "Temporarily unavailable, nothing was done", "late");
        Assert.Equal(1000, late.GetProperty("retryAfter").GetInt32());
        AssertError(await PublishAsync(client, "broken", 1), "internal", "Internal error", "broken");
        await client.PublishAsync("other", 1, Cancellation);
    }

    [Fact]
    public async Task Client_that_leaves_while_it_waits_leaves_nothing_behind()
    {
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource<HookAnswer>();
        _hooks.OnPublish = request =>
        {
            asked.TrySetResult();
            return new(answer.Task);
        };
        await using var host = await StartAsync();
        await using (var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation))
        {
            await client.SendAsync(new object[] { new { type = "publish", topic = "a", data = 1 }, new { type = "publish", topic = "a", data = 2 } }, Cancellation);
            await asked.Task.WaitAsync(Cancellation);
        }

        await _hooks.Over.Task.WaitAsync(Cancellation);
        _hooks.OnPublish = static _ => new(HookAnswer.Allow);
        await using var next = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await next.SubscribeAsync("a", Cancellation);
        answer.SetResult(HookAnswer.Allow);
        await next.PublishAsync("a", 3, Cancellation);
        Assert.Equal(3, (await next.ReceiveAsync(Cancellation)).GetProperty("data").GetInt32());
    }

    [Fact]
    public async Task Refused_connection_reads_why_and_is_closed_with_4003()
    {
        _hooks.OnConnect = static async _ =>
        {
            await Task.Yield();
            return ConnectAnswer.Refuse("members only");
        };
        await using var host = await StartAsync();
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await client.SendAsync(new { type = "subscribe", topic = "a" }, Cancellation);

        var messages = await client.ReadToCloseAsync(Cancellation);
        Assert.Equal(["error", "disconnecting"], messages.Select(JsonClient.TypeOf));
        AssertError(messages[0], "forbidden", "members only", null);
        Assert.Equal((4003, "disconnected"), ((int?)client.CloseStatus, client.CloseReason));
    }

    [Theory]
    [InlineData("late", "unavailable")]
    [InlineData("throws", "internal")]
    [InlineData("closed", "internal")]
    public async Task Connection_about_which_a_hook_says_nothing_usable_is_closed_with_1011(string how, string code)
    {
        _hooks.OnConnect = async _ =>
        {
            await Task.Yield();
            using var document = JsonDocument.Parse("{}");
            return how switch
            {
                "late" => await new TaskCompletionSource<ConnectAnswer>().Task,
                "closed" => ConnectAnswer.Accept with { Info = document.RootElement },
                _ => throw new InvalidOperationException(),
            };
        };
        await using var host = await StartAsync(("Broker:Hooks:Timeout", "100ms"));
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);

        var messages = await client.ReadToCloseAsync(Cancellation);
        Assert.Equal(["error", "disconnecting"], messages.Select(JsonClient.TypeOf));
        Assert.Equal((code, 1011), (messages[0].GetProperty("code").GetString(), (int?)client.CloseStatus));
    }

    [Fact]
    public async Task Connection_waits_for_its_rights_and_gets_those_of_the_application()
    {
        var answer = new TaskCompletionSource<ConnectAnswer>();
        var asked = new TaskCompletionSource();
        _hooks.OnConnect = _ =>
        {
            asked.TrySetResult();
            return new(answer.Task);
        };
        await using var host = await StartAsync(("Broker:Topics:0:Match", ">"), ("Broker:Topics:0:Sender", "true"));
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await asked.Task.WaitAsync(Cancellation);
        var waiting = SubscribeAsync(client, "b");
        answer.SetResult(ConnectAnswer.Accept with { Rights = new RightsOptions { Subscribe = ["a"], Publish = ["a"] }, Info = JsonElement.Parse("""{"name":"Ada"}""") });

        AssertError(await waiting, "forbidden", "Not allowed", "b");
        await client.SubscribeAsync("a", Cancellation);
        await client.PublishAsync("a", 1, Cancellation);
        Assert.Equal("""{"name":"Ada"}""", (await client.ReceiveAsync(Cancellation)).GetProperty("from").GetProperty("info").GetRawText());
    }

    [Fact]
    public async Task Connection_has_the_topics_from_the_start_that_the_application_gives_it()
    {
        _hooks.OnConnect = static _ => new(ConnectAnswer.Accept with { Rights = new RightsOptions { Publish = ["a"] }, Subscribe = ["a", "b"] });
        await using var host = await StartAsync();
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        foreach (var _ in "ab")
        {
            var subscribed = await client.ReceiveAsync(Cancellation);
            Assert.Equal(("subscribed", "by the server"), (JsonClient.TypeOf(subscribed), subscribed.GetProperty("reason").GetString()));
        }

        await client.PublishAsync("a", 1, Cancellation);
        Assert.Equal(1, (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetInt32());
        AssertError(await SubscribeAsync(client, "a"), "forbidden", "Not allowed", "a");
    }

    [Fact]
    public async Task Each_request_of_a_sequenced_topic_needs_the_right_that_is_its_own()
    {
        var requests = new (string Name, Dictionary<string, object> Keys, Func<RightsOptions, bool> Allowed)[]
        {
            ("history", new() { ["type"] = "history" }, static rights => rights.History.Count > 0),
            ("presence", new() { ["type"] = "presence" }, static rights => rights.Presence.Count > 0),
            ("subscribe", new() { ["type"] = "subscribe" }, static rights => rights.Subscribe.Count > 0),
            ("last", new() { ["type"] = "subscribe", ["last"] = 1 }, static rights => rights.Subscribe.Count > 0 && rights.History.Count > 0),
            ("members", new() { ["type"] = "subscribe", ["presence"] = true }, static rights => rights.Subscribe.Count > 0 && rights.Presence.Count > 0),
        };
        RightsOptions[] given =
        [
            new() { Publish = [">"] },
            new() { History = ["log.*"] },
            new() { Presence = ["log.*"] },
            new() { Subscribe = ["log.*"] },
            new() { Subscribe = ["log.*"], History = ["log.*"], Presence = ["log.*"] },
        ];
        var rights = given[0];
        _hooks.OnConnect = _ => new(ConnectAnswer.Accept with { Rights = rights });
        await using var host = await StartAsync(
            ("Broker:Topics:0:Match", "log.>"), ("Broker:Topics:0:Delivery", "sequenced"), ("Broker:Topics:0:Presence", "on"), ("Broker:Topics:0:History:Size", "10"));
        foreach (var next in given)
        {
            rights = next;
            await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
            foreach (var (name, keys, allowed) in requests)
            {
                var reply = await client.RequestAsync(new(keys) { ["topic"] = "log.a" }, Cancellation);
                Assert.Equal((name, allowed(next) ? null : "forbidden"), (name, reply.TryGetProperty("code", out var code) ? code.GetString() : null));
                if (JsonClient.TypeOf(reply) == "subscribed")
                {
                    await client.RequestAsync(new() { ["type"] = "unsubscribe", ["topic"] = "log.a" }, Cancellation);
                }
            }
        }
    }

    [Fact]
    public async Task Connection_is_asked_about_again_when_it_says_who_it_is()
    {
        var users = new List<string?>();
        _hooks.OnConnect = async request =>
        {
            users.Add(request.User);
            await Task.Yield();
            return ConnectAnswer.Accept;
        };
        await using var host = await StartAsync(("Broker:Auth:Anonymous", "on"), ("Broker:Auth:Keys:0:Algorithm", "HS256"), ("Broker:Auth:Keys:0:Secret", Secret));
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        var token = TokenForge.Hs256($$"""{"sub":"ada","exp":{{DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 60}}}""", secret: Secret);

        var reply = await client.RequestAsync(new() { ["type"] = "auth", ["token"] = token }, Cancellation);
        Assert.Equal(("authenticated", "ada"), (JsonClient.TypeOf(reply), reply.GetProperty("user").GetString()));
        Assert.Equal([null, "ada"], users);
    }

    [Fact]
    public async Task Hook_may_be_made_of_other_services_and_publish_itself()
    {
        await using var host = await InProcessHost.StartAsync(Cancellation, static builder => builder.Services.AddSingleton<IBrokerHooks, Telling>());
        await using var client = await JsonClient.ConnectAsync(host.WebSocket, Cancellation);
        await client.SubscribeAsync("told", Cancellation);
        await client.PublishAsync("a", 1, Cancellation);
        Assert.Equal("a", (await client.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
    }

    private Task<InProcessHost> StartAsync(params (string Key, string Value)[] settings) => InProcessHost.StartAsync(Cancellation, builder =>
    {
        builder.Services.AddSingleton<IBrokerHooks>(_hooks);
        foreach (var (key, value) in settings)
        {
            builder.Configuration[key] = value;
        }
    });

    private Task<JsonElement> SubscribeAsync(JsonClient client, string topic) => client.RequestAsync(new() { ["type"] = "subscribe", ["topic"] = topic }, Cancellation);

    private Task<JsonElement> PublishAsync(JsonClient client, string topic, object data) =>
        client.RequestAsync(new() { ["type"] = "publish", ["topic"] = topic, ["data"] = data }, Cancellation);

    private static void AssertError(JsonElement error, string code, string text, string? topic)
    {
        Assert.Equal(("error", code, text), (JsonClient.TypeOf(error), error.GetProperty("code").GetString(), error.GetProperty("error").GetString()));
        Assert.Equal(topic, error.TryGetProperty("topic", out var told) ? told.GetString() : null);
    }

    private sealed class Hooks : IBrokerHooks
    {
        public Func<HookRequest.Connect, ValueTask<ConnectAnswer>> OnConnect { get; set; } = static _ => new(ConnectAnswer.Accept);

        public Func<HookRequest.Subscribe, ValueTask<HookAnswer>> OnSubscribe { get; set; } = static _ => new(HookAnswer.Allow);

        public Func<HookRequest.Publish, ValueTask<HookAnswer>> OnPublish { get; set; } = static _ => new(HookAnswer.Allow);

        /// <summary>A publish was told that nobody waits any longer.</summary>
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<ConnectAnswer> OnConnectAsync(HookRequest.Connect request, CancellationToken cancellationToken) => OnConnect(request);

        public ValueTask<HookAnswer> OnSubscribeAsync(HookRequest.Subscribe request, CancellationToken cancellationToken) => OnSubscribe(request);

        public ValueTask<HookAnswer> OnPublishAsync(HookRequest.Publish request, CancellationToken cancellationToken)
        {
            cancellationToken.Register(() => Over.TrySetResult());
            return OnPublish(request);
        }
    }

    private sealed class Telling(IBroker broker) : IBrokerHooks
    {
        public async ValueTask<HookAnswer> OnPublishAsync(HookRequest.Publish request, CancellationToken cancellationToken)
        {
            await broker.PublishAsync("told", request.Topic, cancellationToken: cancellationToken);
            return HookAnswer.Allow;
        }
    }
}
