using System.Globalization;
using Broker.Node.Diagnostics;

namespace Broker.Node.Listening;

/// <summary>
/// Looks every ten seconds whether the certificate's files hold something else: what notifies of changes does not see all
/// the ways in which a mounted secret is replaced.
/// </summary>
internal sealed partial class CertificateWatch : IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly TlsAcceptor _tls;
    private readonly BrokerMetrics _metrics;
    private readonly ILogger<CertificateWatch> _logger;
    private readonly ITimer _timer;

    public CertificateWatch(TlsAcceptor tls, BrokerMetrics metrics, ILogger<CertificateWatch> logger, TimeProvider time)
    {
        _tls = tls;
        _metrics = metrics;
        _logger = logger;
        _timer = time.CreateTimer(static watch => ((CertificateWatch)watch!).Look(), this, Interval, Interval);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        var replaced = _tls.Refresh(out var error);
        if (error is not null)
        {
            _metrics.CertificateRefused();
            Refused(error);
        }
        else if (replaced is not null)
        {
            Replaced(replaced.Subject, replaced.NotAfter.ToUniversalTime().ToString("u", CultureInfo.InvariantCulture));
        }
    }

    [LoggerMessage(1201, LogLevel.Error, "{Error}; new connections get the old one until the files change again")]
    private partial void Refused(string error);

    [LoggerMessage(1202, LogLevel.Information, "new connections get another TLS certificate: {Subject}, valid until {NotAfter}")]
    private partial void Replaced(string subject, string notAfter);
}
