using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Broker.Tests.Support;

/// <summary>
/// A WebSocket client of a few lines that can also misbehave, for end-to-end tests. It shares no code with the
/// product, so that it checks it. One sender and one receiver at a time.
/// </summary>
internal sealed class RawWebSocket : IAsyncDisposable
{
    private const string SampleKey = "dGhlIHNhbXBsZSBub25jZQ==";
    private readonly IDisposable _client;
    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[16384];
    private int _start;
    private int _end;

    private RawWebSocket(IDisposable client, Stream stream)
    {
        _client = client;
        _stream = stream;
    }

    /// <summary>Status of the last response; 0 before one, or when the connection ended without one.</summary>
    public int Status { get; private set; }

    /// <summary>Headers of the last response in order.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; private set; } = [];

    /// <summary>Body of the last response that was no 101: its Content-Length, or else up to the end of the stream.</summary>
    public string Body { get; private set; } = "";

    /// <summary>101, or 200 in HTTP/2.</summary>
    public bool IsOpen => Status == (_client is TcpClient ? 101 : 200);

    public string? Subprotocol => Header("Sec-WebSocket-Protocol");

    /// <summary>For what this class does not offer: half-close, linger, buffer sizes; not in HTTP/2.</summary>
    public Socket Socket => ((TcpClient)_client).Client;

    /// <summary>Connects TCP from any address or one of this machine's, and TLS where options are given; nothing is sent.</summary>
    public static async Task<RawWebSocket> DialAsync(
        string host, int port, SslClientAuthenticationOptions? tls = null, IPAddress? from = null, CancellationToken cancellation = default)
    {
        var client = from is null ? new TcpClient() : new TcpClient(new IPEndPoint(from, 0));
        client.NoDelay = true;
        try
        {
            await client.ConnectAsync(host, port, cancellation);
            Stream stream = client.GetStream();
            if (tls is not null)
            {
                var ssl = new SslStream(stream);
                stream = ssl;
                await ssl.AuthenticateAsClientAsync(tls, cancellation);
            }

            return new RawWebSocket(client, stream);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Connects and asks for the upgrade. Not accepted is no exception: see <see cref="Status"/>, <see cref="Headers"/>, <see cref="Body"/>.</summary>
    public static async Task<RawWebSocket> ConnectAsync(
        string host,
        int port,
        string path = "/ws",
        IEnumerable<string>? subprotocols = null,
        IEnumerable<(string Name, string Value)>? headers = null,
        SslClientAuthenticationOptions? tls = null,
        CancellationToken cancellation = default)
    {
        var socket = await DialAsync(host, port, tls, cancellation: cancellation);
        try
        {
            await socket.UpgradeAsync(UpgradeRequest($"{host}:{port}", path, subprotocols, headers), cancellation);
            return socket;
        }
        catch
        {
            await socket.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// As <see cref="ConnectAsync"/>, as a stream of an HTTP/2 connection (RFC 8441): of <paramref name="http"/>, or of one of its own.
    /// </summary>
    public static async Task<RawWebSocket> ConnectHttp2Async(
        string host,
        int port,
        SslClientAuthenticationOptions tls,
        string path = "/ws",
        IEnumerable<(string Name, string Value)>? headers = null,
        HttpMessageInvoker? http = null,
        CancellationToken cancellation = default)
    {
        var own = http is null ? new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = tls }) : null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Connect, $"https://{host}:{port}{path}") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            request.Headers.Protocol = "websocket";
            foreach (var (name, value) in (headers ?? []).Prepend(("Sec-WebSocket-Version", "13")))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            var response = await (http ?? own!).SendAsync(request, cancellation);
            var socket = new RawWebSocket(own ?? (IDisposable)response, await response.Content.ReadAsStreamAsync(cancellation))
            {
                Status = (int)response.StatusCode,
                Headers = [.. response.Headers.Concat(response.Content.Headers).SelectMany(static header => header.Value, static (header, value) => (header.Key, value))],
            };
            if (!socket.IsOpen)
            {
                socket.Body = await response.Content.ReadAsStringAsync(cancellation);
            }

            return socket;
        }
        catch
        {
            own?.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of a valid upgrade request.</summary>
    public static byte[] UpgradeRequest(
        string host, string path = "/ws", IEnumerable<string>? subprotocols = null, IEnumerable<(string Name, string Value)>? headers = null)
    {
        var text = new StringBuilder($"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {SampleKey}\r\n");
        if (subprotocols is not null)
        {
            text.Append("Sec-WebSocket-Protocol: ").AppendJoin(", ", subprotocols).Append("\r\n");
        }

        foreach (var (name, value) in headers ?? [])
        {
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        return Encoding.Latin1.GetBytes(text.Append("\r\n").ToString());
    }

    /// <summary>Sends a request, whatever its bytes, and reads the response head, and the body unless it is a 101.</summary>
    public async Task UpgradeAsync(byte[] request, CancellationToken cancellation = default)
    {
        await SendBytesAsync(request, cancellation: cancellation);
        await ReadResponseAsync(cancellation);
    }

    /// <summary>Reads one response; on the end of the connection <see cref="Status"/> is 0.</summary>
    public async Task ReadResponseAsync(CancellationToken cancellation = default)
    {
        (Status, Headers, Body) = (0, [], "");
        if (await ReadLineAsync(cancellation) is not { } status)
        {
            return;
        }

        var headers = new List<(string, string)>();
        while (await ReadLineAsync(cancellation) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        Headers = headers;
        Status = int.Parse(status.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);
        if (Status == 101)
        {
            Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Header("Sec-WebSocket-Accept"));
        }
        else
        {
            var length = Header("Content-Length");
            Body = Encoding.UTF8.GetString(await ReadAsync(length is null ? int.MaxValue : int.Parse(length, System.Globalization.CultureInfo.InvariantCulture), cancellation));
        }
    }

    /// <summary>The value of the first header of that name in the last response.</summary>
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public Task SendTextAsync(string text, CancellationToken cancellation = default) =>
        SendFrameAsync(1, Encoding.UTF8.GetBytes(text), cancellation: cancellation);

    /// <summary>Sends one frame, also one that breaks the rules.</summary>
    public Task SendFrameAsync(int opcode, byte[] payload, bool fin = true, int rsv = 0, bool masked = true, CancellationToken cancellation = default) =>
        SendBytesAsync(TestFrame.Build(opcode, payload, fin, rsv, masked), cancellation: cancellation);

    /// <summary>Sends bytes as they are, in one write or in writes of <paramref name="segment"/> bytes.</summary>
    public async Task SendBytesAsync(byte[] bytes, int segment = int.MaxValue, CancellationToken cancellation = default)
    {
        for (var at = 0; at < bytes.Length; at += Math.Min(segment, bytes.Length - at))
        {
            await _stream.WriteAsync(bytes.AsMemory(at, Math.Min(segment, bytes.Length - at)), cancellation);

            // In HTTP/2 .NET's client gathers what is written.
            await _stream.FlushAsync(cancellation);
        }
    }

    /// <summary>Reads one frame; the end of the connection and a reset are results too.</summary>
    public async Task<RawMessage> ReceiveAsync(CancellationToken cancellation = default)
    {
        try
        {
            return await ReadFrameAsync(cancellation);
        }
        catch (EndOfStreamException)
        {
            return RawMessage.EndOfStream;
        }
        catch (IOException error) when (error is HttpProtocolException || error.InnerException is SocketException or HttpProtocolException)
        {
            return RawMessage.Reset;
        }
    }

    /// <summary>Reads up to the next text message, answering pings; anything else is a failed test.</summary>
    public async Task<string> ReceiveTextAsync(CancellationToken cancellation = default)
    {
        var message = await ReceiveUntilAsync(frame => frame.Opcode is not (9 or 10), cancellation);
        Assert.True(message is { Opcode: 1, Fin: true }, $"A text message was expected, {message} came.");
        return message.Text;
    }

    /// <summary>Reads up to the first frame that fits, or to the end of the connection, answering pings.</summary>
    public async Task<RawMessage> ReceiveUntilAsync(Func<RawMessage, bool> fits, CancellationToken cancellation = default)
    {
        while (true)
        {
            var message = await ReceiveAsync(cancellation);
            if (message.Opcode == 9)
            {
                await SendFrameAsync(10, message.Payload, cancellation: cancellation);
            }

            if (message.IsEnd || fits(message))
            {
                return message;
            }
        }
    }

    /// <summary>Reads up to the peer's close frame or the end of the connection.</summary>
    public Task<RawMessage> ReceiveCloseAsync(CancellationToken cancellation = default) =>
        ReceiveUntilAsync(message => message.IsClose, cancellation);

    /// <summary>Sends a close frame and returns the peer's (or the end), then expects the peer to end the connection.</summary>
    public async Task<RawMessage> CloseAsync(int code = 1000, string reason = "", CancellationToken cancellation = default)
    {
        await SendBytesAsync(TestFrame.Close(code, reason), cancellation: cancellation);
        var answer = await ReceiveCloseAsync(cancellation);
        if (!answer.IsEnd)
        {
            var after = await ReceiveAsync(cancellation);
            Assert.True(after.IsEnd, $"{after} came after the close frame.");
        }

        return answer;
    }

    /// <summary>Ends the connection with a RST.</summary>
    public void Abort()
    {
        if (_client is TcpClient client)
        {
            client.Client.LingerState = new LingerOption(true, 0);
        }

        _client.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }

    private async Task<RawMessage> ReadFrameAsync(CancellationToken cancellation)
    {
        var head = await ReadExactlyAsync(2, cancellation);
        var size = head[1] & 0x7F;
        var length = size switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadExactlyAsync(2, cancellation)),
            127 => BinaryPrimitives.ReadInt64BigEndian(await ReadExactlyAsync(8, cancellation)),
            _ => size,
        };
        Assert.True(size < 126 || length > (size == 126 ? 125 : ushort.MaxValue), "The server wrote a length in more bytes than it needs.");
        Assert.True((head[1] & 0x80) == 0, "The server masked a frame.");
        var payload = await ReadExactlyAsync(checked((int)length), cancellation);
        return new RawMessage(head[0] & 0x0F, payload, (head[0] & 0x80) != 0, (head[0] >> 4) & 7);
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellation)
    {
        var line = new StringBuilder();
        while (await FillAsync(cancellation))
        {
            var next = (char)_buffer[_start++];
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append(next);
        }

        return null;
    }

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellation)
    {
        var bytes = await ReadAsync(count, cancellation);
        return bytes.Length == count ? bytes : throw new EndOfStreamException();
    }

    private async Task<byte[]> ReadAsync(int count, CancellationToken cancellation)
    {
        using var read = new MemoryStream();
        while (read.Length < count && await FillAsync(cancellation))
        {
            var part = Math.Min(count - (int)read.Length, _end - _start);
            read.Write(_buffer, _start, part);
            _start += part;
        }

        return read.ToArray();
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = await _stream.ReadAsync(_buffer, cancellation);
        }

        return _start < _end;
    }
}
