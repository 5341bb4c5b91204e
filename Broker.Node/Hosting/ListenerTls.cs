using Broker.Node.Configuration.Options;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;

namespace Broker.Node.Hosting;

/// <summary>TLS of the public port; watches its certificate's files until it is disposed of.</summary>
internal sealed class ListenerTls(BrokerOptions options, BrokerMetrics metrics, ILogger<CertificateWatch> logger, TimeProvider time) : IDisposable
{
    private CertificateWatch? _watch;

    /// <summary>Null: the port is without TLS.</summary>
    public TlsAcceptor? Load()
    {
        if (!options.Listen.Tls.Enabled)
        {
            return null;
        }

        var acceptor = TlsAcceptor.Load(options.Listen.Tls, options.Listen.Http2);
        _watch = new CertificateWatch(acceptor, metrics, logger, time);
        return acceptor;
    }

    public void Dispose() => _watch?.Dispose();
}
