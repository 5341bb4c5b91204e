using System.Net.WebSockets;
using System.Text.Json;

namespace Broker.Bench.EndToEnd;

/// <summary>A client of the broker's JSON protocol on .NET's own WebSocket. One reader and one writer at a time.</summary>
internal sealed class BenchClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private byte[] _buffer = new byte[1024];

    private BenchClient() => _socket.Options.KeepAliveInterval = TimeSpan.Zero;

    /// <summary>Connects, and reads the welcome.</summary>
    /// <exception cref="WebSocketException">Nobody serves there.</exception>
    public static async Task<BenchClient> ConnectAsync(Uri url, string? token, CancellationToken cancellation)
    {
        var client = new BenchClient();
        try
        {
            if (token is not null)
            {
                client._socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
            }

            await client._socket.ConnectAsync(url, cancellation);
            await client.ReadAsync(cancellation);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public Task SendAsync(object message, CancellationToken cancellation) =>
        _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, cancellation);

    /// <summary>The next message; null: the connection has ended.</summary>
    public async Task<JsonElement?> ReadAsync(CancellationToken cancellation) =>
        await PassAsync(cancellation) is var length and > 0 ? JsonElement.Parse(_buffer.AsSpan(0, length)) : null;

    /// <summary>Passes over the next message: its length, 0 where the connection has ended.</summary>
    public async Task<int> PassAsync(CancellationToken cancellation)
    {
        var length = 0;
        while (true)
        {
            var result = await _socket.ReceiveAsync(_buffer.AsMemory(length), cancellation);
            length += result.Count;
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return 0;
            }

            if (result.EndOfMessage)
            {
                return length;
            }

            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * length);
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
