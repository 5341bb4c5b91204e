using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Protocol.Frames;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;
using Broker.Protocol.Session;

namespace Broker.Tests.Support;

/// <summary>The raw client and the protocol core check each other over a socket.</summary>
public sealed class RawWebSocketSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_are_echoed_and_the_close_is_answered()
    {
        await using var server = new EchoServer();
        await using var client = await RawWebSocket.ConnectAsync("127.0.0.1", server.Port, subprotocols: ["echo"], cancellation: Cancellation);
        Assert.Equal((101, "echo"), (client.Status, client.Subprotocol));

        await client.SendTextAsync("Grüße", Cancellation);
        Assert.Equal("Grüße", await client.ReceiveTextAsync(Cancellation));

        await client.SendFrameAsync(1, [0xE2, 0x82], fin: false, cancellation: Cancellation);
        await client.SendFrameAsync(9, [7], cancellation: Cancellation);
        await client.SendBytesAsync(TestFrame.Build(0, [0xAC]), segment: 1, cancellation: Cancellation);
        Assert.Equal([7], (await client.ReceiveAsync(Cancellation)).Payload);
        Assert.Equal("€", await client.ReceiveTextAsync(Cancellation));

        var large = new byte[100_000];
        new Random(1).NextBytes(large);
        await client.SendFrameAsync(2, large, cancellation: Cancellation);
        Assert.Equal(large, (await client.ReceiveUntilAsync(message => message.Opcode == 2, Cancellation)).Payload);

        var close = await client.CloseAsync(3000, "done", Cancellation);
        Assert.Equal((3000, ""), (close.CloseCode, close.CloseReason));
        Assert.Equal(["closed 3000 \"done\""], server.Closes);
    }

    [Fact]
    public async Task Fault_is_answered_with_a_close_and_the_end()
    {
        await using var server = new EchoServer();
        await using var client = await RawWebSocket.ConnectAsync("127.0.0.1", server.Port, cancellation: Cancellation);
        await client.SendFrameAsync(1, "x"u8.ToArray(), masked: false, cancellation: Cancellation);
        var close = await client.ReceiveCloseAsync(Cancellation);
        Assert.Equal((1002, "Unmasked frame"), (close.CloseCode, close.CloseReason));
        Assert.True((await client.ReceiveAsync(Cancellation)).IsEnd);
    }

    [Fact]
    public async Task Refusal_is_a_result_with_status_headers_and_body()
    {
        await using var server = new EchoServer();
        await using var client = await RawWebSocket.ConnectAsync("127.0.0.1", server.Port, subprotocols: ["unknown"], cancellation: Cancellation);
        Assert.Equal((400, false, "close"), (client.Status, client.IsOpen, client.Header("connection")));
        Assert.Contains("echo", client.Body, StringComparison.Ordinal);
        Assert.Equal(RawMessage.EndOfStream, await client.ReceiveAsync(Cancellation));
    }

    [Fact]
    public async Task Malformed_request_is_answered_and_closed()
    {
        await using var server = new EchoServer();
        await using var client = await RawWebSocket.DialAsync("127.0.0.1", server.Port, cancellation: Cancellation);
        await client.UpgradeAsync("GET /\r\n\r\n"u8.ToArray(), Cancellation);
        Assert.Equal(400, client.Status);
    }

    [Fact]
    public async Task Frames_in_the_segment_of_the_request_are_answered()
    {
        await using var server = new EchoServer();
        await using var client = await RawWebSocket.DialAsync("127.0.0.1", server.Port, cancellation: Cancellation);
        await client.UpgradeAsync([.. RawWebSocket.UpgradeRequest("a"), .. TestFrame.Text("early")], Cancellation);
        Assert.Equal("early", await client.ReceiveTextAsync(Cancellation));
    }

    [Fact]
    public async Task Client_speaks_TLS()
    {
        await using var server = new EchoServer(tls: true);
        await using var client = await RawWebSocket.ConnectAsync(
            "localhost",
            server.Port,
            tls: new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=localhost" },
            cancellation: Cancellation);
        await client.SendTextAsync("secret", Cancellation);
        Assert.Equal("secret", await client.ReceiveTextAsync(Cancellation));
        Assert.Equal(1000, (await client.CloseAsync(cancellation: Cancellation)).CloseCode);
    }

    [Fact]
    public async Task Abort_of_a_peer_is_a_reset()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var client = await RawWebSocket.DialAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, cancellation: Cancellation);
        using (var peer = await listener.AcceptSocketAsync(Cancellation))
        {
            peer.LingerState = new LingerOption(true, 0);
        }

        Assert.Equal(RawMessage.Reset, await client.ReceiveAsync(Cancellation));
    }

    /// <summary>One connection, blocking nothing: request head, handshake and session of the product on a socket.</summary>
    private sealed class EchoServer : IWebSocketHandler, IAsyncDisposable
    {
        private static readonly WebSocketLimits Limits = new() { Message = 1 << 20 };
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ArrayBufferWriter<byte> _output = new();
        private readonly Task _running;
        private WebSocketSession? _session;

        public EchoServer(bool tls = false)
        {
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _running = RunAsync(tls);
        }

        public int Port { get; }

        public List<string> Closes { get; } = [];

        public void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload) => _session!.Send(opcode, payload, this);

        public void OnPong(ReadOnlySpan<byte> payload) => Assert.Fail("No pong was sent.");

        public void OnClose(CloseCode code, string reason) => Closes.Add($"closed {(int)code} \"{reason}\"");

        public void OnSend(Opcode opcode, ReadOnlySpan<byte> frame) => _output.Write(frame);

        public async ValueTask DisposeAsync()
        {
            await _running;
            _listener.Dispose();
        }

        private async Task RunAsync(bool tls)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            if (!tls)
            {
                await ServeAsync(client.GetStream());
                return;
            }

            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var now = DateTimeOffset.UtcNow;
            using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(certificate);
            await ServeAsync(stream);
        }

        private async Task ServeAsync(Stream stream)
        {
            var received = new byte[65536];
            var length = 0;
            var parser = new RequestHeadParser(new HttpLimits());
            HttpParseStatus status;
            RequestHead? head;
            int consumed;
            do
            {
                length += await stream.ReadAsync(received.AsMemory(length));
                status = parser.Parse(received.AsSpan(0, length), out head, out consumed);
            }
            while (status == HttpParseStatus.NeedMore);

            var answer = head is null ? null : ServerHandshake.Evaluate(head, ["echo"]);
            ResponseHead.Write(_output, answer?.Status ?? parser.Refusal.Status, answer?.Headers ?? []);
            _output.Write(System.Text.Encoding.ASCII.GetBytes(answer?.Reason ?? ""));
            await FlushAsync(stream);
            if (answer is { Accepted: true })
            {
                await EchoAsync(stream, received, consumed, length);
            }
        }

        private async Task EchoAsync(Stream stream, byte[] received, int start, int end)
        {
            using var session = _session = new WebSocketSession(WebSocketRole.Server, Limits, TimeProvider.System);
            while (session.State == WebSocketState.Open)
            {
                session.Receive(received.AsSpan(start..end), this);
                await FlushAsync(stream);
                if (session.State != WebSocketState.Open)
                {
                    break;
                }

                (start, end) = (0, await stream.ReadAsync(received));
                if (end == 0)
                {
                    break;
                }
            }
        }

        private async Task FlushAsync(Stream stream)
        {
            await stream.WriteAsync(_output.WrittenMemory);
            _output.ResetWrittenCount();
        }
    }
}
