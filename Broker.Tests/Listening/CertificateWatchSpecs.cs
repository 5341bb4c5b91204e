using System.Net.Security;
using System.Net.Sockets;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Listening;

public sealed class CertificateWatchSpecs : ILogger<CertificateWatch>, IDisposable
{
    private readonly TestCertificate _certificate = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<(LogLevel Level, string Text)> _log = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _certificate.Dispose();

    [Fact]
    public async Task New_handshakes_get_the_changed_certificate_and_open_connections_stay()
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var watch = Watch(listener);
        using var before = await AuthenticateAsync(listener);
        using var connection = await listener.NextAsync();
        Assert.Equal("02", Serial(before));
        _certificate.WritePem(serial: 3);
        Assert.Equal("02", await ServedAsync(listener));
        Look();
        Assert.Equal("03", await ServedAsync(listener));
        await before.WriteAsync("still here"u8.ToArray(), Cancel);
        await connection.Stream!.ReadExactlyAsync(new byte[10], Cancel);
        Assert.Equal(LogLevel.Information, Assert.Single(_log).Level);
    }

    [Theory]
    [InlineData("")]
    [InlineData("junk")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB")]
    public async Task Broken_certificate_is_one_error_and_the_old_one_stays_until_it_is_repaired(string broken)
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var watch = Watch(listener);
        await File.WriteAllTextAsync(_certificate.Options.Certificate, broken, Cancel);
        for (var i = 0; i < 5; i++)
        {
            Look();
        }

        var (level, text) = Assert.Single(_log);
        Assert.Equal(LogLevel.Error, level);
        Assert.Contains(_certificate.Options.Certificate, text, StringComparison.Ordinal);
        Assert.Equal(1, listener.Metrics["broker.certificates.refused"]);
        Assert.Equal("02", await ServedAsync(listener));
        _certificate.WritePem(serial: 4);
        Look();
        Assert.Equal("04", await ServedAsync(listener));
    }

    [Fact]
    public async Task Certificate_whose_key_is_not_there_yet_is_used_once_it_is()
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var watch = Watch(listener);
        var next = _certificate.WritePem(serial: 3, folder: "next");
        File.Copy(next.Certificate, _certificate.Options.Certificate, overwrite: true);
        Look();
        Assert.Equal("02", await ServedAsync(listener));
        File.Copy(next.Key, _certificate.Options.Key, overwrite: true);
        Look();
        Assert.Equal("03", await ServedAsync(listener));
        Assert.Equal([LogLevel.Error, LogLevel.Information], _log.Select(static line => line.Level));
    }

    [Fact]
    public async Task Missing_file_is_one_error_and_the_old_certificate_stays()
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var watch = Watch(listener);
        File.Delete(_certificate.Options.Key);
        Look();
        Look();
        Assert.Equal(LogLevel.Error, Assert.Single(_log).Level);
        Assert.Equal("02", await ServedAsync(listener));
    }

    [Fact]
    public async Task Swapped_link_of_a_mounted_secret_is_noticed()
    {
        _certificate.WritePem(serial: 5, folder: "..2026_1");
        _certificate.WritePem(serial: 6, folder: "..2026_2");
        var data = Path.Combine(_certificate.Folder, "..data");
        Directory.CreateSymbolicLink(data, "..2026_1");
        Directory.CreateDirectory(Path.Combine(_certificate.Folder, "mount"));
        var options = new TlsOptions { Certificate = Path.Combine(_certificate.Folder, "mount", "tls.crt"), Key = Path.Combine(_certificate.Folder, "mount", "tls.key") };
        File.CreateSymbolicLink(options.Certificate, "../..data/chain.pem");
        File.CreateSymbolicLink(options.Key, "../..data/key.pem");
        await using var listener = await ListenerHarness.StartAsync(tls: options);
        using var watch = Watch(listener);
        Assert.Equal("05", await ServedAsync(listener));

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "..2026_2");
        Look();
        Assert.Equal("06", await ServedAsync(listener));
    }

    [Fact]
    public async Task Pkcs12_serves_its_chain_and_is_read_again_too()
    {
        var options = _certificate.WritePkcs12(serial: 7, "a password");
        await using var listener = await ListenerHarness.StartAsync(tls: options);
        using var watch = Watch(listener);
        Assert.Equal("07", await ServedAsync(listener));
        _certificate.WritePkcs12(serial: 8, "another password");
        Look();
        Assert.Equal("07", await ServedAsync(listener));
        _certificate.WritePkcs12(serial: 9, "a password");
        Look();
        Assert.Equal("09", await ServedAsync(listener));
        Assert.Equal([LogLevel.Error, LogLevel.Information], _log.Select(static line => line.Level));
    }

    [Fact]
    public void Pkcs12_that_cannot_be_used_names_the_file()
    {
        var options = _certificate.WritePkcs12(serial: 7, "a password");
        var wrong = Assert.Throws<IOException>(() => TlsAcceptor.Load(options with { Password = "wrong" }));
        Assert.Contains(options.Certificate, wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", wrong.Message, StringComparison.Ordinal);
        File.WriteAllText(options.Certificate, "junk");
        Assert.Throws<IOException>(() => TlsAcceptor.Load(options));
    }

    [Fact]
    public async Task Touched_files_are_no_change()
    {
        await using var listener = await ListenerHarness.StartAsync(tls: _certificate.Options);
        using var watch = Watch(listener);
        File.SetLastWriteTimeUtc(_certificate.Options.Certificate, DateTime.UtcNow.AddHours(1));
        Look();
        Assert.Empty(_log);
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _log.Add((logLevel, formatter(state, exception)));

    private CertificateWatch Watch(ListenerHarness listener) => new(listener.Tls!, listener.Metrics.Metrics, this, _time);

    private void Look() => _time.Advance(CertificateWatch.Interval);

    private static string Serial(SslStream client) => client.RemoteCertificate!.GetSerialNumberString();

    private async Task<string> ServedAsync(ListenerHarness listener)
    {
        await using var client = await AuthenticateAsync(listener);
        using var connection = await listener.NextAsync();
        return Serial(client);
    }

    private async Task<SslStream> AuthenticateAsync(ListenerHarness listener)
    {
        var client = new SslStream(new NetworkStream(await listener.ConnectAsync(), ownsSocket: true));
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = _certificate.Policy }, Cancel);
        return client;
    }
}
