using System.Net;
using System.Net.WebSockets;
using System.Text.Json;

namespace Broker.Tests.Support;

/// <summary>.NET's own WebSocket client, speaking the JSON form of the client protocol. One reader and one writer at a time.</summary>
internal sealed class JsonClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly Queue<JsonElement> _arrived = new();
    private readonly List<JsonElement> _passedOver = [];
    private int _lastId;

    private JsonClient()
    {
        _socket.Options.CollectHttpResponseDetails = true;
        _socket.Options.KeepAliveInterval = TimeSpan.Zero;
    }

    /// <summary>The first message of the connection.</summary>
    public JsonElement Welcome { get; private set; }

    /// <summary>Of the handshake's answer.</summary>
    public HttpStatusCode Status => _socket.HttpStatusCode;

    /// <inheritdoc cref="Status"/>
    public IReadOnlyDictionary<string, IEnumerable<string>> Headers => _socket.HttpResponseHeaders!;

    public string? Subprotocol => _socket.SubProtocol;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public string? CloseReason => _socket.CloseStatusDescription;

    public static async Task<JsonClient> ConnectAsync(
        Uri address, CancellationToken cancellation, Action<ClientWebSocketOptions>? configure = null, HttpMessageInvoker? through = null)
    {
        var client = new JsonClient();
        try
        {
            configure?.Invoke(client._socket.Options);
            await client._socket.ConnectAsync(address, through, cancellation);
            client.Welcome = await client.ReceiveAsync(cancellation);
            Assert.Equal("welcome", TypeOf(client.Welcome));
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>The status the server refuses this upgrade with.</summary>
    public static async Task<HttpStatusCode> RefusalAsync(Uri address, Action<ClientWebSocketOptions> configure, CancellationToken cancellation)
    {
        await using var client = new JsonClient();
        configure(client._socket.Options);
        await Assert.ThrowsAsync<WebSocketException>(() => client._socket.ConnectAsync(address, cancellation));
        return client._socket.HttpStatusCode;
    }

    public static string? TypeOf(JsonElement message) => message.GetProperty("type").GetString();

    public Task SendAsync(object message, CancellationToken cancellation) =>
        SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, cancellation);

    public Task SendAsync(ReadOnlyMemory<byte> payload, WebSocketMessageType type, CancellationToken cancellation) =>
        _socket.SendAsync(payload, type, endOfMessage: true, cancellation).AsTask();

    /// <summary>The next message that no <see cref="RequestAsync"/> took.</summary>
    public async Task<JsonElement> ReceiveAsync(CancellationToken cancellation)
    {
        if (_passedOver.Count > 0)
        {
            var first = _passedOver[0];
            _passedOver.RemoveAt(0);
            return first;
        }

        return await NextAsync(cancellation);
    }

    /// <summary>Sends a request under a fresh id and takes the reply with that id; what comes before it stays for <see cref="ReceiveAsync"/>.</summary>
    public async Task<JsonElement> RequestAsync(Dictionary<string, object> message, CancellationToken cancellation)
    {
        var id = message["id"] = ++_lastId;
        await SendAsync(message, cancellation);
        while (true)
        {
            var next = await NextAsync(cancellation);
            if (next.TryGetProperty("id", out var answered) && answered.ValueKind == JsonValueKind.Number && answered.GetInt32().Equals(id))
            {
                return next;
            }

            _passedOver.Add(next);
        }
    }

    public async Task SubscribeAsync(string topic, CancellationToken cancellation) =>
        Assert.Equal("subscribed", TypeOf(await RequestAsync(new() { ["type"] = "subscribe", ["topic"] = topic }, cancellation)));

    public async Task PublishAsync(string topic, object data, CancellationToken cancellation) =>
        Assert.Equal("published", TypeOf(await RequestAsync(new() { ["type"] = "publish", ["topic"] = topic, ["data"] = data }, cancellation)));

    /// <summary>Reads to the server's close frame and returns what came before it.</summary>
    public async Task<List<JsonElement>> ReadToCloseAsync(CancellationToken cancellation)
    {
        var messages = new List<JsonElement>(_passedOver);
        _passedOver.Clear();
        while (await FillAsync(cancellation))
        {
            messages.AddRange(_arrived);
            _arrived.Clear();
        }

        return messages;
    }

    public Task CloseAsync(CancellationToken cancellation) =>
        _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", cancellation);

    /// <summary>Ends the connection without a close frame; whoever reads or writes gets an exception.</summary>
    public void Abort() => _socket.Abort();

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonElement> NextAsync(CancellationToken cancellation)
    {
        while (_arrived.Count == 0)
        {
            if (!await FillAsync(cancellation))
            {
                throw new InvalidOperationException($"Closed with {(int?)CloseStatus} {CloseReason} where a message was expected.");
            }
        }

        return _arrived.Dequeue();
    }

    // A frame is one message or an array of messages.
    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        using var frame = new MemoryStream();
        var buffer = new byte[4096];
        WebSocketReceiveResult result;
        do
        {
            result = await _socket.ReceiveAsync(buffer, cancellation);
            frame.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);

        if (result.MessageType == WebSocketMessageType.Close)
        {
            return false;
        }

        Assert.Equal(WebSocketMessageType.Text, result.MessageType);
        var root = JsonDocument.Parse(frame.ToArray()).RootElement;
        foreach (var message in root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : new[] { root })
        {
            _arrived.Enqueue(message);
        }

        return true;
    }
}
