using System.Net;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;

namespace Broker.Tests.Listening;

public sealed class TrustedProxiesSpecs
{
    private static readonly TrustedProxies Proxies = new(new ProxyOptions { Trusted = ["10.0.0.0/8", "192.0.2.1", "fd00::/8"] });

    [Theory]
    [InlineData("10.1.2.3", "203.0.113.7", "203.0.113.7")]
    [InlineData("10.1.2.3", "198.51.100.1, 203.0.113.7", "203.0.113.7")]
    [InlineData("10.1.2.3", "198.51.100.1,203.0.113.7 , 10.9.9.9,192.0.2.1", "203.0.113.7")]
    [InlineData("10.1.2.3", "198.51.100.1|203.0.113.7|10.9.9.9", "203.0.113.7")]
    [InlineData("10.1.2.3", "10.0.0.1, 10.0.0.2", "10.0.0.1")]
    [InlineData("10.1.2.3", "203.0.113.7:4711", "203.0.113.7")]
    [InlineData("10.1.2.3", "2001:db8::1", "2001:db8::1")]
    [InlineData("10.1.2.3", "[2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("10.1.2.3", "[2001:db8::1]", "2001:db8::1")]
    [InlineData("fd00::5", "::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("10.1.2.3", "::ffff:203.0.113.5:12345", "203.0.113.5")]
    [InlineData("10.1.2.3", "[::ffff:203.0.113.5]:12345", "203.0.113.5")]
    [InlineData("10.1.2.3", "\"[2001:db8::1]:4711\"", "2001:db8::1")]
    [InlineData("10.1.2.3", "", "10.1.2.3")]
    [InlineData("10.1.2.3", " , ,", "10.1.2.3")]
    [InlineData("10.1.2.3", "203.0.113.7, unknown", "10.1.2.3")]
    [InlineData("10.1.2.3", "203.0.113.7, evil, 10.0.0.9", "10.0.0.9")]
    [InlineData("10.1.2.3", "203.0.113.7, 1", "10.1.2.3")]
    [InlineData("10.1.2.3", "203.0.113.7, 0x7f.1", "10.1.2.3")]
    [InlineData("10.1.2.3", "203.0.113.7, fe80::1%eth0", "10.1.2.3")]
    [InlineData("10.1.2.3", "203.0.113.7, []", "10.1.2.3")]
    [InlineData("10.1.2.3", "203.0.113.7, :", "10.1.2.3")]
    [InlineData("192.0.2.2", "203.0.113.7", "192.0.2.2")]
    [InlineData("11.0.0.1", "203.0.113.7", "11.0.0.1")]
    [InlineData("127.0.0.1", "203.0.113.7", "127.0.0.1")]
    public void Client_is_the_last_address_that_is_not_trusted(string peer, string lines, string client) =>
        Assert.Equal(IPAddress.Parse(client), Proxies.ClientOf(lines.Split('|'), IPAddress.Parse(peer)));

    [Theory]
    [InlineData("10.1.2.3", "app.example:8080", "app.example:8080", true)]
    [InlineData("10.1.2.3", "evil.example, app.example", "app.example", true)]
    [InlineData("10.1.2.3", "", "inner", false)]
    [InlineData("11.0.0.1", "evil.example", "inner", false)]
    public void Host_is_what_a_trusted_proxy_says_that_it_was(string peer, string line, string host, bool isForwarded)
    {
        Assert.Equal(host, Proxies.HostOf([line], IPAddress.Parse(peer), "inner", out var said));
        Assert.Equal(isForwarded, said);
        Assert.Equal("inner", Proxies.HostOf([], IPAddress.Parse(peer), "inner", out _));
    }

    [Fact]
    public void Header_is_not_read_where_proxies_speak_version_2() =>
        Assert.Equal(
            IPAddress.Parse("10.0.0.1"),
            new TrustedProxies(new ProxyOptions { Trusted = ["10.0.0.0/8"], Protocol = ProxyProtocol.V2 }).ClientOf(["203.0.113.7"], IPAddress.Parse("10.0.0.1")));

    [Theory]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("10.0.0.7", true)]
    [InlineData("::1", true)]
    [InlineData("fd00::/8", true)]
    [InlineData("0.0.0.0/0", false)]
    [InlineData("::/0", false)]
    [InlineData("10.0.0.0/33", false)]
    [InlineData("10", false)]
    [InlineData("localhost", false)]
    [InlineData("", false)]
    public void Trusted_is_an_address_or_a_network(string text, bool valid) => Assert.Equal(valid, ProxyNetwork.TryParse(text, out _));
}
