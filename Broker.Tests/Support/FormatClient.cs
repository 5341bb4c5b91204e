using System.Net.WebSockets;
using Broker.Protocol.Wire;
using Broker.Tests.Contracts;

namespace Broker.Tests.Support;

/// <summary>A client of the runtime's own WebSocket in either wire format; what is sent and received is shown in JSON.</summary>
internal sealed class FormatClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly FormatSample _format;
    private readonly byte[] _buffer = new byte[1 << 20];

    private FormatClient(FormatSample format) => _format = format;

    public string? Subprotocol => _socket.SubProtocol;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    private WebSocketMessageType Kind => _format.Codec.Format == WireFormat.Json ? WebSocketMessageType.Text : WebSocketMessageType.Binary;

    /// <summary>Connects and reads the welcome.</summary>
    public static async Task<FormatClient> ConnectAsync(
        Uri address, FormatSample format, CancellationToken cancellation, bool deflate = false, Action<ClientWebSocketOptions>? configure = null)
    {
        var client = new FormatClient(format);
        client._socket.Options.AddSubProtocol(format.Codec.Format == WireFormat.Json ? "broker.v1.json" : "broker.v1.msgpack");
        client._socket.Options.DangerousDeflateOptions = deflate ? new WebSocketDeflateOptions() : null;
        configure?.Invoke(client._socket.Options);
        await client._socket.ConnectAsync(address, cancellation);
        Assert.StartsWith("{\"type\":\"welcome\"", await client.ReceiveAsync(cancellation), StringComparison.Ordinal);
        return client;
    }

    public Task SendAsync(string json, CancellationToken cancellation) => SendAsync(_format.Encode(json), Kind, cancellation);

    public Task SendAsync(byte[] frame, WebSocketMessageType kind, CancellationToken cancellation) =>
        _socket.SendAsync(frame, kind, endOfMessage: true, cancellation);

    /// <summary>The next message; null for the end.</summary>
    public async Task<string?> ReceiveAsync(CancellationToken cancellation)
    {
        var length = 0;
        ValueWebSocketReceiveResult result;
        do
        {
            result = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
            length += result.Count;
        }
        while (!result.EndOfMessage);

        if (result.MessageType == WebSocketMessageType.Close)
        {
            return null;
        }

        Assert.Equal(Kind, result.MessageType);
        return _format.Show(_buffer.AsSpan(0, length));
    }

    /// <summary>Sends and returns the very next message.</summary>
    public async Task<string?> AskAsync(string json, CancellationToken cancellation)
    {
        await SendAsync(json, cancellation);
        return await ReceiveAsync(cancellation);
    }

    public async Task SubscribeAsync(string topic, CancellationToken cancellation) =>
        Assert.Equal(
            $$"""{"type":"subscribed","id":1,"topic":"{{topic}}"}""",
            await AskAsync($$"""{"type":"subscribe","topic":"{{topic}}","id":1}""", cancellation));

    /// <summary>A publish of a value encoded by hand.</summary>
    public async Task PublishAsync(string topic, byte[] data, CancellationToken cancellation)
    {
        var request = _format.Encode($$"""{"type":"publish","topic":"{{topic}}"}""");
        byte[] frame = _format.Codec.Format == WireFormat.Json
            ? [.. request[..^1], .. ",\"data\":"u8, .. data, (byte)'}']
            : [(byte)(request[0] + 1), .. request[1..], 0xa4, .. "data"u8, .. data];
        await SendAsync(frame, Kind, cancellation);
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
