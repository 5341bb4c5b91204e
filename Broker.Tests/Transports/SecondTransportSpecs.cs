using System.Net;
using System.Text.Json;
using Akka.Actor;
using Akka.TestKit.Xunit;
using Broker.Node;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Tests.Lanes;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Transports;

/// <summary>Actor, session, lane, logs and writer of every connection serve a client that came by no WebSocket: only its transport differs.</summary>
public sealed class SecondTransportSpecs : TestKit
{
    private const int Lag = 4096;

    private readonly FakeTimeProvider _time = TokenForge.Clock();
    private readonly FanOutPool _pool = new(2);
    private readonly TokenGate _tokens;
    private readonly Rights _rights;
    private readonly BrokerOptions _options;
    private readonly ConnectionServices _services;
    private readonly IActorRef _connections;
    private long _lastId;

    public SecondTransportSpecs()
    {
        var rights = new RightsOptions { Subscribe = [">"], Publish = [">"] };
        _options = new BrokerOptions
        {
            Auth = TokenForge.Options() with { DefaultRights = rights },
            Limits = new LimitOptions { Lag = Lag, Message = 256 * 1024 },
            Topics = [new TopicOptions { Match = "skip.>", Slow = SlowPolicy.Skip }, new TopicOptions()],
        };
        Assert.True(Rights.TryCreate(rights, out var all, out _));
        _rights = all!;
        var metrics = RecordedMetrics.Unobserved();
        _tokens = new TokenGate(TokenForge.Validator(_options.Auth, _time), new TokenGuesses(_time), _rights, metrics);
        var lane = new InlineLane(TestLane.Create(_pool, Lag));
        _services = new ConnectionServices(_options, new NodeIdentity("1", "node"), _tokens, new TopicRules(_options), new Quotas(_options, _time), lane, metrics, SilentLog.Connections, _time);
        _connections = Sys.ActorOf(Props.Create(() => new ConnectionsActor(_services)));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_line_is_the_welcome()
    {
        var welcome = Json(await Connect().ReadAsync(Cancellation));
        Assert.Equal(("welcome", "1-1", "optional"), (Text(welcome, "type"), Text(welcome, "connection"), Text(welcome, "auth")));
    }

    [Fact]
    public async Task A_stranger_may_authenticate_and_is_admitted_then()
    {
        var client = Connect(isStranger: true);
        Assert.Equal("required", Text(Json(await client.ReadAsync(Cancellation)), "auth"));
        Assert.Equal(0, client.MessageLimit);

        await client.SendAsync($$"""{"type":"auth","token":"{{TokenForge.Hs256(TokenForge.Payload)}}","id":1}""");

        var reply = Json(await client.ReadAsync(Cancellation));
        Assert.Equal(("authenticated", "alice"), (Text(reply, "type"), Text(reply, "user")));
        Assert.Equal(_options.Limits.Message, client.MessageLimit);
    }

    [Fact]
    public async Task Time_that_the_application_takes_is_not_the_clients()
    {
        var hook = new LateHook();
        var services = _services with { Hooks = new HookCalls([hook], TimeSpan.FromMinutes(1), _time, SilentLog.Connections) };
        var client = Connect(isStranger: true, Sys.ActorOf(Props.Create(() => new ConnectionsActor(services))));
        await client.ReadAsync(Cancellation);
        await client.SendAsync($$"""{"type":"auth","token":"{{TokenForge.Hs256(TokenForge.Payload)}}","id":1}""");
        await hook.Asked.Task.WaitAsync(Cancellation);

        // Its tick is with the actor before the answer is.
        _time.Advance(_options.Auth.Timeout + TimeSpan.FromSeconds(1));
        hook.Answer.SetResult(ConnectAnswer.Accept);

        Assert.Equal("authenticated", Text(Json(await client.ReadAsync(Cancellation)), "type"));
    }

    [Fact]
    public async Task A_stranger_who_begins_with_anything_else_is_closed()
    {
        var client = Connect(isStranger: true);
        await client.ReadAsync(Cancellation);
        await client.SendAsync("""{"type":"ping","id":1}""");

        Assert.Equal("auth_required", Text(Json(await client.ReadAsync(Cancellation)), "code"));
        Assert.Equal("close 1008 auth required", await client.ReadAsync(Cancellation));
        Assert.Null(await client.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task A_publish_is_acknowledged_before_its_echo()
    {
        var client = await SubscribedAsync("a");
        await client.SendAsync("""{"type":"publish","topic":"a","data":"x","id":2}""");

        Assert.Equal("""{"type":"published","id":2,"topic":"a"}""", await client.ReadAsync(Cancellation));
        Assert.Equal(Push("a", "x"), await client.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task Two_topics_come_as_lines_of_their_own_in_the_order_of_each()
    {
        var client = await SubscribedAsync("a", "b");
        var publisher = await SubscribedAsync();
        client.Reads = false;
        for (var i = 0; i < 4; i++)
        {
            await PublishAsync(publisher, i % 2 == 0 ? "a" : "b", $"{i}");
        }

        client.Reads = true;
        List<string?> lines = [];
        for (var i = 0; i < 4; i++)
        {
            lines.Add(await client.ReadAsync(Cancellation));
        }

        Assert.Equal([Push("a", "0"), Push("a", "2")], lines.Where(static line => line!.Contains("\"a\"", StringComparison.Ordinal)));
        Assert.Equal([Push("b", "1"), Push("b", "3")], lines.Where(static line => line!.Contains("\"b\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_slow_reader_of_a_topic_that_skips_gets_a_gap_and_what_comes_after()
    {
        var client = await SubscribedAsync("skip.a");
        var publisher = await SubscribedAsync();
        client.Reads = false;
        for (var i = 0; i < 20; i++)
        {
            await PublishAsync(publisher, "skip.a", new string('x', 1000));
        }

        client.Reads = true;
        await PublishAsync(publisher, "skip.a", "after");

        var before = 0;
        string? line;
        while ((line = await client.ReadAsync(Cancellation)) != """{"type":"gap","topic":"skip.a"}""")
        {
            Assert.Equal(Push("skip.a", new string('x', 1000)), line);
            before++;
        }

        Assert.InRange(before, 0, 2 + (Lag / 1000));
        while ((line = await client.ReadAsync(Cancellation)) != Push("skip.a", "after"))
        {
            Assert.Equal(Push("skip.a", new string('x', 1000)), line);
        }
    }

    [Fact]
    public async Task A_slow_reader_of_any_other_topic_is_closed_with_1013()
    {
        var client = await SubscribedAsync("a");
        var publisher = await SubscribedAsync();
        client.Reads = false;
        for (var i = 0; i < 20; i++)
        {
            await PublishAsync(publisher, "a", new string('x', 1000));
        }

        await Eventually.IsTrueAsync(() => client.IsClosing, "not closed");
        client.Reads = true;

        string? line;
        while ((line = await client.ReadAsync(Cancellation)) == Push("a", new string('x', 1000)))
        {
        }

        Assert.Equal("close 1013 slow consumer", line);
        Assert.Null(await client.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task A_message_larger_than_the_room_of_the_gatherer_comes_whole()
    {
        var client = await SubscribedAsync("a");
        var large = new string('x', 200 * 1024);
        await PublishAsync(client, "a", large, acknowledged: false);
        await PublishAsync(client, "a", "small", acknowledged: false);

        Assert.Equal(Push("a", large), await client.ReadAsync(Cancellation));
        Assert.Equal(Push("a", "small"), await client.ReadAsync(Cancellation));
        Assert.True(client.LargestSend > large.Length);
    }

    [Fact]
    public async Task A_drain_closes_with_1012()
    {
        var client = await SubscribedAsync("a");
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections.Tell(new ConnectionsActor.DrainAll(TimeSpan.Zero, done));

        var next = client.ReadAsync(Cancellation);
        await Eventually.IsTrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(50));
                return next.IsCompleted;
            },
            "not closed");
        Assert.Equal("close 1012 restart", await next);
        Assert.Null(await client.ReadAsync(Cancellation));
        await done.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    [Fact]
    public async Task Silence_after_a_ping_is_cut()
    {
        var client = await SubscribedAsync("a");
        _time.Advance(_options.Heartbeat.Interval);
        Assert.Equal("ping", await client.ReadAsync(Cancellation));
        await client.SendAsync("pong");
        _time.Advance(_options.Heartbeat.Timeout);
        var next = client.ReadAsync(Cancellation);
        _time.Advance(_options.Heartbeat.Interval);
        Assert.Equal("ping", await next);

        _time.Advance(_options.Heartbeat.Timeout);

        Assert.Null(await client.ReadAsync(Cancellation));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _pool.Dispose();
        _tokens.Dispose();
    }

    private LinesTransport Connect(bool isStranger = false, IActorRef? connections = null)
    {
        var request = new UpgradedRequest(WireFormat.Json, IPAddress.Loopback, isStranger ? null : Identity.Anonymous(_rights));
        var transport = new LinesTransport(Interlocked.Increment(ref _lastId), request, _time);
        (connections ?? _connections).Tell(transport, ActorRefs.NoSender);
        return transport;
    }

    private async Task<LinesTransport> SubscribedAsync(params string[] topics)
    {
        var client = Connect();
        Assert.Equal("welcome", Text(Json(await client.ReadAsync(Cancellation)), "type"));
        foreach (var topic in topics)
        {
            await client.SendAsync($$"""{"type":"subscribe","topic":"{{topic}}","id":1}""");
            Assert.Equal($$"""{"type":"subscribed","id":1,"topic":"{{topic}}"}""", await client.ReadAsync(Cancellation));
        }

        return client;
    }

    private static async Task PublishAsync(LinesTransport publisher, string topic, string text, bool acknowledged = true)
    {
        var id = acknowledged ? ",\"id\":9" : "";
        await publisher.SendAsync($$"""{"type":"publish","topic":"{{topic}}","data":"{{text}}"{{id}}}""");
        if (acknowledged)
        {
            Assert.Equal($$"""{"type":"published","id":9,"topic":"{{topic}}"}""", await publisher.ReadAsync(Cancellation));
        }
    }

    private static string Push(string topic, string text) => $$"""{"type":"message","topic":"{{topic}}","data":"{{text}}"}""";

    private static JsonElement Json(string? line) => JsonDocument.Parse(line!).RootElement;

    private static string? Text(JsonElement message, string name) => message.GetProperty(name).GetString();

    private sealed class LateHook : IBrokerHooks
    {
        public TaskCompletionSource Asked { get; } = new();

        public TaskCompletionSource<ConnectAnswer> Answer { get; } = new();

        public ValueTask<ConnectAnswer> OnConnectAsync(HookRequest.Connect request, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            return new(Answer.Task);
        }
    }
}
