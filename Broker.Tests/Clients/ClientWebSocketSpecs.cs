using System.Net;
using System.Net.WebSockets;
using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Clients;

[Collection(RealClients.Name)]
public sealed class ClientWebSocketSpecs(OneNode shared) : RealClientSpecs
{
    private const string Secret = "clients-specs-secret-of-more-than-32-bytes";

    private static readonly Dictionary<string, string> OneKey = new()
    {
        ["BROKER__AUTH__KEYS__0__ALGORITHM"] = "HS256",
        ["BROKER__AUTH__KEYS__0__SECRET"] = Secret,
    };

    private Uri Address => shared.Node.WebSocket;

    [Fact]
    public async Task Subscriber_receives_what_another_connection_publishes()
    {
        await using var subscriber = await JsonClient.ConnectAsync(Address, Cancellation);
        await using var publisher = await JsonClient.ConnectAsync(Address, Cancellation);
        await subscriber.SubscribeAsync("chat.dotnet", Cancellation);

        await publisher.PublishAsync("chat.dotnet", new { text = "hello" }, Cancellation);

        var message = await subscriber.ReceiveAsync(Cancellation);
        Assert.Equal("message", JsonClient.TypeOf(message));
        Assert.Equal("chat.dotnet", message.GetProperty("topic").GetString());
        Assert.Equal("hello", message.GetProperty("data").GetProperty("text").GetString());
    }

    [Fact]
    public async Task Client_offering_the_json_subprotocol_is_given_it()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation, options => options.AddSubProtocol("broker.v1.json"));

        Assert.Equal("broker.v1.json", client.Subprotocol);
    }

    [Fact]
    public async Task Client_offering_only_unknown_subprotocols_is_refused_with_400()
    {
        var status = await JsonClient.RefusalAsync(Address, options => options.AddSubProtocol("graphql-ws"), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Fact]
    public async Task Bad_token_in_a_header_is_refused_with_401()
    {
        var status = await JsonClient.RefusalAsync(
            Address, options => options.SetRequestHeader("Authorization", "Bearer nonsense"), Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task Bad_token_in_a_subprotocol_is_answered_and_closed_with_1008()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation, options =>
        {
            options.AddSubProtocol("broker.v1.json");
            options.AddSubProtocol("bearer.nonsense");
        });

        var messages = await client.ReadToCloseAsync(Cancellation);

        Assert.Contains(messages, message => JsonClient.TypeOf(message) == "error" && message.GetProperty("code").GetString() == "invalid_token");
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, client.CloseStatus);
        Assert.Equal("Invalid token", client.CloseReason);
    }

    [Fact]
    public async Task Origin_of_a_stranger_is_closed_with_a_reason_a_browser_can_read()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "https://elsewhere.example");
        await socket.ConnectAsync(Address, Cancellation);

        while ((await socket.ReceiveAsync(new byte[1024], Cancellation)).MessageType != WebSocketMessageType.Close)
        {
        }

        Assert.Equal(WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
        Assert.Equal("Origin not allowed", socket.CloseStatusDescription);
    }

    [Fact]
    public async Task Binary_frame_on_the_json_protocol_closes_with_1003()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);

        await client.SendAsync(Encoding.UTF8.GetBytes("""{"type":"ping"}"""), WebSocketMessageType.Binary, Cancellation);
        await client.ReadToCloseAsync(Cancellation);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, client.CloseStatus);
    }

    [Fact]
    public async Task Message_over_the_limit_of_the_welcome_closes_with_1009()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);
        var limit = client.Welcome.GetProperty("limits").GetProperty("message").GetInt32();

        await client.SendAsync(new byte[limit + 1], WebSocketMessageType.Text, Cancellation);
        await client.ReadToCloseAsync(Cancellation);

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.CloseStatus);
    }

    [Fact]
    public async Task Message_of_exactly_the_limit_is_delivered()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);
        var limit = client.Welcome.GetProperty("limits").GetProperty("message").GetInt32();
        const string Head = """{"type":"publish","topic":"news.large","data":" """;
        const string Tail = "\"}";
        var text = new string('x', limit - Head.Length - Tail.Length);
        await client.SubscribeAsync("news.large", Cancellation);

        await client.SendAsync(Encoding.UTF8.GetBytes(Head + text + Tail), WebSocketMessageType.Text, Cancellation);

        var message = await client.ReceiveAsync(Cancellation);
        Assert.Equal(" " + text, message.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Normal_close_is_echoed()
    {
        await using var client = await JsonClient.ConnectAsync(Address, Cancellation);

        await client.CloseAsync(Cancellation);

        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
    }

    [Fact]
    public async Task Token_of_the_token_command_is_accepted_and_bounds_what_its_user_may_do()
    {
        var (exitCode, output) = await NodeProcess.RunAsync(
            ["token", "--user", "42", "--subscribe", "chat.>", "--publish", "chat.>"], Cancellation, OneKey);
        Assert.True(exitCode == 0, output);
        await using var node = await NodeProcess.StartAsync([], Cancellation, OneKey);

        await using var client = await JsonClient.ConnectAsync(
            node.WebSocket, Cancellation, options => options.SetRequestHeader("Authorization", $"Bearer {output.Trim()}"));

        Assert.Equal("done", client.Welcome.GetProperty("auth").GetString());
        Assert.Equal("42", client.Welcome.GetProperty("user").GetString());
        await client.SubscribeAsync("chat.lobby", Cancellation);
        var refusal = await client.RequestAsync(new() { ["type"] = "subscribe", ["topic"] = "orders.eu" }, Cancellation);
        Assert.Equal("forbidden", refusal.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Stopping_node_says_so_closes_with_1012_and_exits_with_0()
    {
        await using var node = await NodeProcess.StartAsync([], Cancellation);
        await using var client = await JsonClient.ConnectAsync(node.WebSocket, Cancellation);

        node.Signal(UnixSignal.Terminate);
        var messages = await client.ReadToCloseAsync(Cancellation);

        var farewell = Assert.Single(messages, message => JsonClient.TypeOf(message) == "disconnecting");
        Assert.Equal(1012, farewell.GetProperty("code").GetInt32());
        Assert.True(farewell.GetProperty("reconnect").GetBoolean());
        Assert.Equal(1012, (int?)client.CloseStatus);
        await client.CloseAsync(Cancellation);
        Assert.Equal(0, await node.WaitForExitAsync(Cancellation));
    }

    [Fact]
    public async Task Message_published_on_one_node_reaches_a_subscriber_of_another()
    {
        await using var first = await NodeProcess.StartAsync([], Cancellation);
        await using var second = await NodeProcess.StartAsync(["--seed", first.Cluster], Cancellation);
        await using var subscriber = await JsonClient.ConnectAsync(first.WebSocket, Cancellation);
        await using var publisher = await JsonClient.ConnectAsync(second.WebSocket, Cancellation);
        Assert.NotEqual(subscriber.Welcome.GetProperty("node").GetString(), publisher.Welcome.GetProperty("node").GetString());
        await subscriber.SubscribeAsync("news.across", Cancellation);

        await publisher.PublishAsync("news.across", "over there", Cancellation);

        Assert.Equal("over there", (await subscriber.ReceiveAsync(Cancellation)).GetProperty("data").GetString());
    }
}
