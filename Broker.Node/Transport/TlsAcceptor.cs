using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Node.Configuration;

namespace Broker.Node.Transport;

/// <summary>The server side of TLS 1.2 and 1.3 with one certificate. Thread-safe.</summary>
internal sealed class TlsAcceptor
{
    private readonly SslServerAuthenticationOptions _options;

    private TlsAcceptor(SslStreamCertificateContext certificate) => _options = new SslServerAuthenticationOptions
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
        AllowRenegotiation = false,
        ClientCertificateRequired = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
    };

    /// <summary>Reads certificate chain and key; an <see cref="IOException"/> names the file that cannot be used.</summary>
    public static TlsAcceptor Load(TlsOptions options)
    {
        try
        {
            var leaf = X509Certificate2.CreateFromPemFile(options.Certificate, options.Key.Length == 0 ? null : options.Key);
            X509Certificate2Collection chain = [];
            chain.ImportFromPemFile(options.Certificate);

            // SChannel cannot use a key that lives in memory only.
            if (OperatingSystem.IsWindows())
            {
                leaf = X509CertificateLoader.LoadPkcs12(leaf.Export(X509ContentType.Pkcs12), null);
            }

            return new TlsAcceptor(SslStreamCertificateContext.Create(leaf, chain, offline: true));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"cannot use TLS certificate '{options.Certificate}' with key '{options.Key}': {e.Message}", e);
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
}
