using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Listening;

/// <summary>The server side of TLS 1.2 and 1.3 with one certificate, which may be replaced, and of the choice of HTTP/2. Thread-safe.</summary>
internal sealed class TlsAcceptor
{
    private readonly ServerCertificate _certificate;
    private readonly bool _http2;
    private readonly Lock _refreshing = new();
    private byte[][]? _seen;
    private volatile SslServerAuthenticationOptions _options;

    private TlsAcceptor(ServerCertificate certificate, byte[][] files, bool http2)
    {
        _certificate = certificate;
        _http2 = http2;
        _seen = files;
        _options = Options(certificate.Create(files));
    }

    /// <summary>Reads certificate chain and key; an <see cref="IOException"/> names the file that cannot be used.</summary>
    /// <param name="options">Where they are.</param>
    /// <param name="http2">Whether clients may choose HTTP/2 (ALPN).</param>
    public static TlsAcceptor Load(TlsOptions options, bool http2 = true)
    {
        var certificate = new ServerCertificate(options);
        try
        {
            return new TlsAcceptor(certificate, certificate.Read(), http2);
        }
        catch (Exception e) when (ServerCertificate.IsUnusable(e))
        {
            throw new IOException($"cannot use TLS certificate {certificate}: {e.Message}", e);
        }
    }

    /// <summary>
    /// Looks at the files again. What they hold is compared, not their times, so that a swapped link is noticed and a touched
    /// file is not. Handshakes that have begun end with the certificate they began with.
    /// </summary>
    /// <param name="error">Why what they hold now cannot be used; the old certificate stays. Told once for the same content.</param>
    /// <returns>The certificate that handshakes get from now on, if it is another one.</returns>
    public X509Certificate2? Refresh(out string? error)
    {
        error = null;
        lock (_refreshing)
        {
            byte[][]? files = null;
            try
            {
                files = _certificate.Read();
                if (_seen is not null && ServerCertificate.AreSame(files, _seen))
                {
                    return null;
                }

                var context = _certificate.Create(files);
                _options = Options(context);
                _seen = files;
                return context.TargetCertificate;
            }
            catch (Exception e) when (ServerCertificate.IsUnusable(e))
            {
                // Unreadable files have no content: the next time is the same offence.
                if (files is not null || _seen is not null)
                {
                    error = $"cannot use TLS certificate {_certificate}: {e.Message}";
                }

                _seen = files;
                return null;
            }
        }
    }

    /// <summary>
    /// Runs the handshake and takes ownership of the socket. Ending it early is closing the socket, which
    /// <see cref="Admission"/> does when the handshake takes too long. Never throws for what a client does.
    /// </summary>
    public async Task<TlsOutcome> AuthenticateAsync(Socket socket)
    {
        SslStream? stream = null;
        try
        {
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsServerAsync(_options);
            return new TlsOutcome(stream, null);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException or CryptographicException or NotSupportedException)
        {
            stream?.Dispose();
            socket.Dispose();
            return new TlsOutcome(null, e.InnerException?.Message ?? e.Message);
        }
    }

    private SslServerAuthenticationOptions Options(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = _http2 ? [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11] : [SslApplicationProtocol.Http11],
        AllowRenegotiation = false,
        ClientCertificateRequired = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
    };
}
