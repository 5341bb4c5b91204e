using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Broker.Tests.Support;

namespace Broker.Tests.Listening;

/// <summary>Handshakes that are right and odd, or begin again.</summary>
public sealed class TlsHostileSpecs : IDisposable
{
    private readonly TestCertificate _certificate = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _certificate.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_hello_that_comes_byte_by_byte_is_a_hello(SslProtocols version)
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var client = new SslStream(new OneByteStream(await listener.ConnectAsync()));
        await client.AuthenticateAsClientAsync(Options("localhost", version), Cancel);
        using var connection = await listener.NextAsync();
        await client.WriteAsync("ping"u8.ToArray(), Cancel);
        var buffer = new byte[4];
        await connection.Stream!.ReadExactlyAsync(buffer, Cancel);
        Assert.Equal("ping"u8.ToArray(), buffer);
    }

    [Theory]
    [InlineData("unknown.example")]
    [InlineData("xn--bcher-kva.example")]
    [InlineData("")]
    public async Task A_client_that_asks_for_another_name_gets_the_one_certificate_and_gives_up_itself(string name)
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using (var client = new SslStream(new NetworkStream(await listener.ConnectAsync(), ownsSocket: true)))
        {
            var options = Options(name, SslProtocols.None);
            var seen = "";
            options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            {
                seen = certificate!.Subject;
                return errors == SslPolicyErrors.None;
            };
            await Assert.ThrowsAsync<AuthenticationException>(() => client.AuthenticateAsClientAsync(options, Cancel));
            Assert.Equal("CN=localhost", seen);
        }

        await ServesAsync(listener);
    }

    [Fact]
    public async Task A_client_cannot_have_the_handshake_again()
    {
        var openssl = RequiredTool.Find("openssl");
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var client = new Process
        {
            StartInfo = new ProcessStartInfo(openssl, ["s_client", "-connect", $"127.0.0.1:{listener.Binding.EndPoint.Port}", "-tls1_2"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        client.Start();
        var output = client.StandardOutput.ReadToEndAsync(Cancel);
        var errors = client.StandardError.ReadToEndAsync(Cancel);
        using (var connection = await listener.NextAsync())
        {
            connection.Lease!.HandshakeDone();
            await client.StandardInput.WriteLineAsync("R".AsMemory(), Cancel);

            // The first thing the client sends, and it ends the connection.
            var refused = await Assert.ThrowsAsync<IOException>(async () => await connection.Stream!.ReadExactlyAsync(new byte[16], Cancel));
            Assert.Contains("renegotiation", refused.Message, StringComparison.Ordinal);
        }

        await client.WaitForExitAsync(Cancel);
        Assert.Contains("RENEGOTIATING", await output + await errors, StringComparison.Ordinal);
        await ServesAsync(listener);
    }

    private async Task ServesAsync(ListenerHarness listener)
    {
        await Eventually.IsTrueAsync(
            () =>
            {
                // TLS 1.3: the server's side may be done before the client has looked at the certificate.
                while (listener.Accepted.TryRead(out var half))
                {
                    half.Dispose();
                }

                return listener.Admission is { Connections: 0, Handshakes: 0 };
            },
            "nothing left");
        using var client = new SslStream(new NetworkStream(await listener.ConnectAsync(), ownsSocket: true));
        await client.AuthenticateAsClientAsync(Options("localhost", SslProtocols.None), Cancel);
        using var connection = await listener.NextAsync();
        Assert.NotNull(connection.Stream);
    }

    private SslClientAuthenticationOptions Options(string name, SslProtocols version) =>
        new() { TargetHost = name, EnabledSslProtocols = version, CertificateChainPolicy = _certificate.Policy };

    /// <summary>Each byte in a segment of its own.</summary>
    private sealed class OneByteStream(Socket socket) : NetworkStream(NoDelay(socket), ownsSocket: true)
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                await base.WriteAsync(buffer.Slice(i, 1), cancellationToken);
            }
        }

        private static Socket NoDelay(Socket socket)
        {
            socket.NoDelay = true;
            return socket;
        }
    }
}
