using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Listening;

public sealed class TlsAcceptorSpecs : IDisposable
{
    private readonly TestCertificate _certificate = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _certificate.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12, false, "h2 http/1.1", "http/1.1")]
    [InlineData(SslProtocols.Tls13, false, "h2 http/1.1", "http/1.1")]
    [InlineData(SslProtocols.Tls12, true, "h2 http/1.1", "h2")]
    [InlineData(SslProtocols.Tls13, true, "http/1.1 h2", "h2")]
    [InlineData(SslProtocols.Tls13, true, "http/1.1", "http/1.1")]
    public async Task Client_gets_the_whole_chain_and_HTTP_2_where_that_is_on(SslProtocols version, bool http2, string offered, string chosen)
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options, http2: http2);
        using var client = await AuthenticateAsync(listener, version, [.. offered.Split(' ').Select(static name => new SslApplicationProtocol(name))]);
        using var connection = await listener.NextAsync();

        Assert.Equal(version, client.SslProtocol);
        Assert.Equal(chosen, client.NegotiatedApplicationProtocol.ToString());
        Assert.Equal(chosen == "h2", connection.IsHttp2);
        Assert.True(connection.Tls);
        Assert.Null(connection.Socket);
        Assert.Equal(listener.Binding.EndPoint, connection.Local);
        await client.WriteAsync("ping"u8.ToArray(), Cancel);
        var buffer = new byte[4];
        await connection.Stream!.ReadExactlyAsync(buffer, Cancel);
        Assert.Equal("ping"u8.ToArray(), buffer);

        Assert.Equal((1, 1), (listener.Admission.Connections, listener.Admission.Handshakes));
        connection.Dispose();
        Assert.Equal((0, 0), (listener.Admission.Connections, listener.Admission.Handshakes));
    }

    [Theory]
    [InlineData(0x0300)]
    [InlineData(0x0301)]
    [InlineData(0x0302)]
    public async Task Old_versions_are_refused(int version)
    {
        // The client's own policy refuses SSL 3.0 to TLS 1.1, so the ClientHello (RFC 4346 §7.4.1.2) is written by hand.
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var client = await listener.ConnectAsync();
        await client.SendAsync(ClientHello(version), Cancel);
        var answer = new byte[7];
        var count = await ReceiveAsync(client, answer);

        // Nothing at all, or one alert record: fatal (2), protocol_version (70); SSL 3.0 knows handshake_failure (40) only.
        Assert.True(count == 0 || answer is [21, _, _, 0, 2, 2, 70] or [21, 3, 0, 0, 2, 2, 40], Convert.ToHexString(answer.AsSpan(0, count)));
        await NothingIsLeftAsync(listener);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0000\u0005junk!")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0")]
    public async Task Garbage_is_dropped_at_once_and_others_are_served(string garbage)
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var client = await listener.ConnectAsync();
        await client.SendAsync(Encoding.Latin1.GetBytes(garbage), Cancel);
        await ListenerHarness.ReadToEndAsync(client);
        await NothingIsLeftAsync(listener);

        using var good = await AuthenticateAsync(listener);
        using var connection = await listener.NextAsync();
        Assert.NotNull(connection.Stream);
    }

    [Fact]
    public async Task Silent_client_is_cut_by_the_handshake_time_out()
    {
        var time = new FakeTimeProvider();
        await using var listener = await ListenerHarness.StartAsync(time: time, tls: _certificate.Options);
        using var client = await listener.ConnectAsync();
        await client.SendAsync(ClientHello(0x0303).AsMemory(0, 3), Cancel);
        await Eventually.IsTrueAsync(() => listener.Admission.Handshakes == 1, "in handshake");
        await PeerRead.AllAsync(client);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Matches("^(reset)?$", await ListenerHarness.ReadToEndAsync(client));
        await NothingIsLeftAsync(listener);
    }

    [Fact]
    public async Task Silent_clients_hold_up_nobody()
    {
        await using var listener = await ListenerHarness.StartAsync(new LimitOptions { Handshakes = 20 }, tls: _certificate.Options);
        List<Socket> silent = [];
        for (var i = 0; i < 40; i++)
        {
            silent.Add(await listener.ConnectAsync());
        }

        using var client = await AuthenticateAsync(listener);
        using var connection = await listener.NextAsync();
        Assert.InRange(listener.Admission.Handshakes, 1, 20);
        Assert.InRange(listener.Metrics["broker.connections.refused handshakes"], 20, 21);
        silent.ForEach(socket => socket.Dispose());
        connection.Dispose();
        await NothingIsLeftAsync(listener);
    }

    [Fact]
    public async Task Connection_over_the_total_is_dropped_before_the_handshake()
    {
        await using var listener = await ListenerHarness.StartAsync(new LimitOptions { Connections = 0 }, tls: _certificate.Options);
        await Assert.ThrowsAnyAsync<Exception>(() => AuthenticateAsync(listener));
        Assert.Equal(1, listener.Metrics["broker.connections.refused total"]);
        Assert.Equal(0, listener.Refusals.Count);
    }

    [Fact]
    public async Task Unbinding_lets_handshakes_in_flight_finish()
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var socket = await listener.ConnectAsync();
        await Eventually.IsTrueAsync(() => listener.Admission.Handshakes == 1, "in handshake");
        await listener.Binding.UnbindAsync();
        using var client = await AuthenticateAsync(socket);
        using var connection = await listener.NextAsync();
        await listener.Ended.WaitAsync(Cancel);
    }

    [Fact]
    public void Certificate_that_cannot_be_read_is_named()
    {
        var missing = Assert.Throws<IOException>(() => TlsAcceptor.Load(_certificate.Options with { Certificate = "/no/such.pem" }));
        Assert.Contains("/no/such.pem", missing.Message, StringComparison.Ordinal);
        var mixed = Assert.Throws<IOException>(() => TlsAcceptor.Load(_certificate.Options with { Key = _certificate.Options.Certificate }));
        Assert.Contains("cannot use TLS certificate", mixed.Message, StringComparison.Ordinal);
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] buffer)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, SocketFlags.None, Cancel);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private static async Task NothingIsLeftAsync(ListenerHarness listener)
    {
        await Eventually.IsTrueAsync(() => listener.Admission is { Connections: 0, Handshakes: 0, Addresses: 0 }, "nothing left");
        Assert.True(listener.Binding.Accepting);
        Assert.False(listener.Ended.IsCompleted);
    }

    private static byte[] ClientHello(int version)
    {
        byte[] major = [(byte)(version >> 8), (byte)version];
        byte[] body = [.. major, .. new byte[32], 0, 0, 4, 0xC0, 0x13, 0xC0, 0x09, 1, 0];
        byte[] message = [1, 0, 0, (byte)body.Length, .. body];
        return [22, 3, 1, 0, (byte)message.Length, .. message];
    }

    private async Task<SslStream> AuthenticateAsync(ListenerHarness listener, SslProtocols version = SslProtocols.None, List<SslApplicationProtocol>? protocols = null) =>
        await AuthenticateAsync(await listener.ConnectAsync(), version, protocols);

    private async Task<SslStream> AuthenticateAsync(Socket socket, SslProtocols version = SslProtocols.None, List<SslApplicationProtocol>? protocols = null)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = version,
                ApplicationProtocols = protocols,
                CertificateChainPolicy = _certificate.Policy,
            },
            Cancel);
        return stream;
    }
}
