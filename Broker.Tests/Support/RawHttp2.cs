using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Broker.Tests.Support;

/// <summary>
/// An HTTP/2 client (RFC 9113) of a few lines that can also misbehave. It shares no code with the product, so that it checks it; its
/// headers are literals that nobody has to remember (RFC 7541 section 6.2.2). One sender and one receiver at a time.
/// </summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Reset = 3;
    public const byte Settings = 4;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const byte EndStream = 1;
    public const byte EndHeaders = 4;

    private const int EnableConnectProtocol = 8;

    private readonly Socket _socket;
    private readonly SslStream _stream;

    private RawHttp2(Socket socket, SslStream stream) => (_socket, _stream) = (socket, stream);

    /// <summary>What the server's SETTINGS say, by their numbers.</summary>
    public Dictionary<int, uint> ServerSettings { get; } = [];

    public bool OffersWebSockets => ServerSettings.GetValueOrDefault(EnableConnectProtocol) == 1;

    /// <summary>Connects, and says the client's part of the preface unless told not to.</summary>
    /// <param name="port">On loopback.</param>
    /// <param name="tls">Without its protocols.</param>
    /// <param name="window">Bytes that a stream of the server's may send unasked (SETTINGS_INITIAL_WINDOW_SIZE).</param>
    /// <param name="silent">Nothing is sent behind the TLS handshake.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<RawHttp2> ConnectAsync(int port, SslClientAuthenticationOptions tls, int window = 65_535, bool silent = false, CancellationToken cancellation = default)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync("127.0.0.1", port, cancellation);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = tls.TargetHost, CertificateChainPolicy = tls.CertificateChainPolicy, ApplicationProtocols = [SslApplicationProtocol.Http2] },
            cancellation);
        var client = new RawHttp2(socket, stream);
        if (!silent)
        {
            // SETTINGS_INITIAL_WINDOW_SIZE is number 4.
            var settings = new byte[6];
            settings[1] = 4;
            BinaryPrimitives.WriteInt32BigEndian(settings.AsSpan(2), window);
            await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), cancellation);
            await client.SendAsync(Settings, 0, 0, settings, cancellation);
            await client.ReadAsync(static frame => frame.Type == Settings, cancellation);
        }

        return client;
    }

    /// <summary>The fields of a request for a WebSocket, as RFC 8441 section 5.1 has them.</summary>
    public static (string Name, string Value)[] WebSocket(string path = "/ws", params (string Name, string Value)[] more) =>
    [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", path), (":authority", "localhost"), ("sec-websocket-version", "13"), .. more,
    ];

    /// <summary>A header block of literals without indexing.</summary>
    public static byte[] Block(IEnumerable<(string Name, string Value)> fields)
    {
        using var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            foreach (var text in new[] { name, value })
            {
                var bytes = Encoding.Latin1.GetBytes(text);

                // RFC 7541 section 5.1: an integer with a prefix of seven bits.
                var rest = bytes.Length - 127;
                block.WriteByte((byte)Math.Min(bytes.Length, 127));
                for (; rest >= 128; rest >>= 7)
                {
                    block.WriteByte((byte)(rest | 128));
                }

                if (bytes.Length >= 127)
                {
                    block.WriteByte((byte)rest);
                }

                block.Write(bytes);
            }
        }

        return block.ToArray();
    }

    /// <summary>Sends a head: in one frame where that holds it, else with CONTINUATION frames.</summary>
    public async Task OpenAsync(int stream, IEnumerable<(string Name, string Value)> fields, byte flags = EndHeaders, CancellationToken cancellation = default)
    {
        const int Most = 16_384;
        var block = Block(fields);
        await SendAsync(Headers, (byte)(block.Length <= Most ? flags : flags & ~EndHeaders), stream, block[..Math.Min(block.Length, Most)], cancellation);
        for (var at = Most; at < block.Length; at += Most)
        {
            var end = Math.Min(block.Length, at + Most);
            await SendAsync(Continuation, end == block.Length ? EndHeaders : (byte)0, stream, block[at..end], cancellation);
        }
    }

    public Task SendAsync(byte type, byte flags, int stream, byte[] payload, CancellationToken cancellation = default) =>
        WriteAsync(Frame(type, flags, stream, payload), cancellation);

    public async Task WriteAsync(byte[] bytes, CancellationToken cancellation = default) => await _stream.WriteAsync(bytes, cancellation);

    public static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    /// <summary>An error code, or a window's increment, as a payload.</summary>
    public static byte[] Number(int number)
    {
        var payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        return payload;
    }

    /// <summary>The first frame that fits; null at the end of the connection. Acknowledges settings and pings on the way, and gives back the connection's window.</summary>
    public async Task<Http2Frame?> ReadAsync(Func<Http2Frame, bool> fits, CancellationToken cancellation = default)
    {
        while (await ReadFrameAsync(cancellation) is { } frame)
        {
            try
            {
                await AnswerAsync(frame, cancellation);
            }
            catch (IOException)
            {
                // Nobody hears that any more; what was said before is there to be read.
            }

            if (fits(frame))
            {
                return frame;
            }
        }

        return null;
    }

    /// <summary>What the server says to a request: a status, or the error code of a reset (negative), or of the connection's end (below -1000).</summary>
    public async Task<int> AnswerAsync(int stream, CancellationToken cancellation = default)
    {
        var frame = await ReadAsync(frame => frame.Type == GoAway || (frame.Stream == stream && frame.Type is Headers or Reset), cancellation);
        return frame switch
        {
            null => -1000,
            { Type: GoAway } => -1000 - frame.ErrorCode,
            { Type: Reset } => -frame.ErrorCode,
            _ => frame.Status,
        };
    }

    /// <summary>Without a goodbye.</summary>
    public void Abort()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task AnswerAsync(Http2Frame frame, CancellationToken cancellation)
    {
        switch (frame)
        {
            case { Type: Settings, Flags: 0 }:
                for (var at = 0; at + 6 <= frame.Payload.Length; at += 6)
                {
                    ServerSettings[BinaryPrimitives.ReadUInt16BigEndian(frame.Payload.AsSpan(at))] = BinaryPrimitives.ReadUInt32BigEndian(frame.Payload.AsSpan(at + 2));
                }

                await SendAsync(Settings, 1, 0, [], cancellation);
                break;
            case { Type: Ping, Flags: 0 }:
                await SendAsync(Ping, 1, 0, frame.Payload, cancellation);
                break;
            case { Type: Data, Payload.Length: > 0 }:
                await SendAsync(WindowUpdate, 0, 0, Number(frame.Payload.Length), cancellation);
                break;
        }
    }

    private async Task<Http2Frame?> ReadFrameAsync(CancellationToken cancellation)
    {
        try
        {
            var head = new byte[9];
            await _stream.ReadExactlyAsync(head, cancellation);
            var payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
            await _stream.ReadExactlyAsync(payload, cancellation);
            return new Http2Frame(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
