using System.Net;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Protocol.Http;
using Microsoft.Extensions.Logging;

namespace Broker.Tests.Listening;

public sealed class UntrustedForwardersSpecs : ILogger<UntrustedForwarders>
{
    private static readonly RequestHead Forwarded = new("GET", "/ws", 1, [new HttpHeader("x-forwarded-for", "203.0.113.7")]);
    private readonly List<string> _warnings = [];

    [Theory]
    [InlineData("10.1.1.1")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("fd12::1")]
    public void Proxy_that_nobody_declared_is_named_once_with_the_setting(string peer)
    {
        var forwarders = new UntrustedForwarders(new ProxyOptions(), this);
        for (var i = 1; i <= 5 * UntrustedForwarders.Many; i++)
        {
            forwarders.Saw(Forwarded, IPAddress.Parse(peer));
            Assert.Equal(i < UntrustedForwarders.Many ? 0 : 1, _warnings.Count);
        }

        Assert.Contains(peer, _warnings[0], StringComparison.Ordinal);
        Assert.Contains("broker.listen.proxy.trusted", _warnings[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("203.0.113.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2001:db8::1")]
    public void Strangers_may_send_what_they_like(string peer) => SaysNothing(new ProxyOptions(), Forwarded, _ => IPAddress.Parse(peer));

    [Fact]
    public void Requests_without_the_header_say_nothing() =>
        SaysNothing(new ProxyOptions(), new RequestHead("GET", "/ws", 1, []), static _ => IPAddress.Loopback);

    [Fact]
    public void Where_proxies_speak_version_2_the_header_says_nothing() =>
        SaysNothing(new ProxyOptions { Protocol = ProxyProtocol.V2 }, Forwarded, static _ => IPAddress.Loopback);

    [Fact]
    public void A_few_requests_of_each_of_many_addresses_say_nothing() =>
        SaysNothing(new ProxyOptions(), Forwarded, static i => new IPAddress([10, 0, (byte)(i / 250), (byte)(i % 250)]));

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Assert.Equal(LogLevel.Warning, logLevel);
        _warnings.Add(formatter(state, exception));
    }

    private void SaysNothing(ProxyOptions options, RequestHead head, Func<int, IPAddress> peer)
    {
        var forwarders = new UntrustedForwarders(options, this);
        for (var i = 0; i < 4000; i++)
        {
            forwarders.Saw(head, peer(i));
        }

        Assert.Empty(_warnings);
    }
}
