using System.Globalization;
using System.Text.Json;
using Broker.Node;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A right that ends ends its subscriptions: the client is told, and what lay ready for it is not sent any more.</summary>
public sealed class RightsEndSpecs(TokenNode shared) : IClassFixture<TokenNode>
{
    private const string Both = """{"subscribe":["private.a","private.b"]}""";
    private const string Fewer = """{"subscribe":["private.b"]}""";

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    private long Now => _node.Time!.GetUtcNow().ToUnixTimeSeconds();

    [Fact]
    public async Task A_refresh_with_fewer_rights_ends_what_it_does_not_allow_and_nothing_else()
    {
        await using var socket = await SubscribedAsync("private.a", "private.b");
        await PublishAsync("private.a", 1);
        await HostileNode.ReadAsync(socket, "message");
        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Token(Fewer)}}","id":1}""", Cancel);
        await HostileNode.ReadAsync(socket, "authenticated");
        await ToldAsync(socket, "private.a");
        await PublishAsync("private.a", 2);
        await PublishAsync("private.b", 3);
        var push = await HostileNode.ReadAsync(socket, "message");
        Assert.Equal(("private.b", 3), (push.GetProperty("topic").GetString(), push.GetProperty("data").GetInt32()));
        await socket.SendTextAsync("""{"type":"subscribe","topic":"private.a"}""", Cancel);
        await HostileNode.ReadErrorAsync(socket, "forbidden");
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_pattern_ends_that_rights_do_not_cover_any_more()
    {
        await using var socket = await _node.ClientAsync(Token("""{"subscribe":["wild.>"],"deny":{"subscribe":["wild.secret.*"]}}"""));
        foreach (var forbidden in new[] { "wild.>", "wild.*.a", ">" })
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","topic":"{{forbidden}}"}""", Cancel);
            await HostileNode.ReadErrorAsync(socket, "forbidden");
        }

        foreach (var topic in new[] { "wild.*", "wild.b.*" })
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","topic":"{{topic}}"}""", Cancel);
            await HostileNode.ReadAsync(socket, "subscribed");
        }

        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Token("""{"subscribe":["wild.a","wild.b.>"]}""")}}","id":1}""", Cancel);
        await HostileNode.ReadAsync(socket, "authenticated");
        await ToldAsync(socket, "wild.*");
        await PublishAsync("wild.a", 1);
        await PublishAsync("wild.b.c", 2);
        var push = await HostileNode.ReadAsync(socket, "message");
        Assert.Equal(("wild.b.c", "wild.b.*"), (push.GetProperty("topic").GetString(), push.GetProperty("pattern").GetString()));
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Fact]
    public async Task A_grant_that_ends_ends_its_subscription()
    {
        await using var socket = await SubscribedAsync("private.b");
        var grant = TokenForge.Hs256(TokenForge.Claims(("iat", $"{Now}"), ("exp", $"{Now + 60}"), ("broker", """{"subscribe":["granted.x"]}""")));
        await socket.SendTextAsync($$"""{"type":"subscribe","topic":"granted.x","token":"{{grant}}"}""", Cancel);
        await HostileNode.ReadAsync(socket, "subscribed");

        // To the grant's end and its skew, answering pings.
        for (var i = 0; i < 8; i++)
        {
            await _node.AdvanceAsync(TimeSpan.FromSeconds(11));
            await HostileNode.RoundTripAsync(socket);
        }

        await PublishAsync("granted.x", 1);
        await HostileNode.ReadAsync(socket, "message");
        await _node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await ToldAsync(socket, "granted.x");
        await PublishAsync("granted.x", 2);
        await PublishAsync("private.b", 3);
        Assert.Equal("private.b", (await HostileNode.ReadAsync(socket, "message")).GetProperty("topic").GetString());
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    /// <summary>600 messages lie ready for a client that does not read when its right ends.</summary>
    [Fact]
    public async Task What_is_still_queued_when_a_right_ends_is_not_sent()
    {
        const int Queued = 600;
        const string Refused = "broker.requests.refused forbidden";
        var refused = _node.Metrics[Refused];
        await using var socket = await SubscribedAsync("private.a", "private.b");
        socket.Socket.ReceiveBufferSize = 16 * 1024;
        var padding = new string('a', 1500);
        for (var i = 0; i < Queued; i++)
        {
            await _node.Api.PublishAsync("private.a", new object[] { padding, i }, cancellationToken: Cancel);
        }

        await socket.SendTextAsync($$"""{"type":"auth","token":"{{Token(Fewer)}}","id":1}""", Cancel);
        await socket.SendTextAsync("""{"type":"subscribe","topic":"private.a"}""", Cancel);

        // What comes behind the refresh is refused already: the node has read both.
        await Eventually.IsTrueAsync(() => _node.Metrics[Refused] == refused + 1, "the refresh is read");
        var last = -1;
        var (authenticated, answered) = (false, false);
        while (true)
        {
            var message = JsonDocument.Parse(await socket.ReceiveTextAsync(Cancel)).RootElement;
            var type = message.GetProperty("type").GetString();
            if (type == "unsubscribed")
            {
                Assert.Equal("private.a", message.GetProperty("topic").GetString());
                break;
            }

            authenticated |= type == "authenticated";
            answered |= type == "error";
            if (type == "message")
            {
                var number = message.GetProperty("data")[1].GetInt32();
                Assert.Equal(last + 1, number);
                last = number;
            }
        }

        Assert.True(authenticated);
        if (!answered)
        {
            await HostileNode.ReadErrorAsync(socket, "forbidden");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{last + 1} of {Queued} had been written");
        Assert.InRange(last, 0, Queued - 2);
        await PublishAsync("private.a", 1);
        await PublishAsync("private.b", 2);
        Assert.Equal("private.b", (await HostileNode.ReadAsync(socket, "message")).GetProperty("topic").GetString());
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    private static async Task ToldAsync(RawWebSocket socket, string topic)
    {
        var told = await HostileNode.ReadAsync(socket, "unsubscribed");
        Assert.Equal((topic, "not allowed any more"), (told.GetProperty("topic").GetString(), told.GetProperty("reason").GetString()));
        Assert.False(told.TryGetProperty("id", out _));
    }

    private async Task<RawWebSocket> SubscribedAsync(params string[] topics)
    {
        var socket = await _node.ClientAsync(Token(Both));
        foreach (var topic in topics)
        {
            await socket.SendTextAsync($$"""{"type":"subscribe","topic":"{{topic}}"}""", Cancel);
            await HostileNode.ReadAsync(socket, "subscribed");
        }

        return socket;
    }

    private async Task PublishAsync(string topic, int number) =>
        Assert.Equal(PublishResult.Published, await _node.Api.PublishAsync(topic, number, cancellationToken: Cancel));

    private string Token(string rights) =>
        TokenForge.Hs256(TokenForge.Claims(("iat", string.Create(CultureInfo.InvariantCulture, $"{Now}")), ("exp", string.Create(CultureInfo.InvariantCulture, $"{Now + 3600}")), ("broker", rights)));
}
