using Broker.Protocol.Handshake;
using Broker.Protocol.Http;

namespace Broker.Tests.Handshake;

public sealed class OriginPolicySpecs
{
    private const string OtherHost = "broker.test";

    private static OriginPolicy Policy(params string[] allow)
    {
        Assert.True(OriginPolicy.TryCreate(allow, out var policy, out var error), error);
        return policy;
    }

    private static bool Allows(string entry, string? origin) => Policy(entry).Allows(origin, OtherHost, tls: true);

    [Fact]
    public void Absent_origin_is_allowed() => Assert.True(Policy().Allows((string?)null, OtherHost, true));

    [Theory]
    [InlineData("https://allowed.com", "https://allowed.com")]
    [InlineData("https://allowed.com", "https://allowed.com:443")]
    [InlineData("https://allowed.com:443", "https://allowed.com")]
    [InlineData("http://allowed.com:80", "http://allowed.com")]
    [InlineData("https://allowed.com", "HTTPS://ALLOWED.COM")]
    [InlineData("HTTPS://Allowed.Com", "https://allowed.com")]
    [InlineData("https://allowed.com:8443", "https://allowed.com:8443")]
    [InlineData("http://[::1]:3000", "http://[::1]:3000")]
    [InlineData("https://xn--bcher-kva.example", "https://xn--bcher-kva.example")]
    [InlineData("chrome-extension://abcdef", "chrome-extension://abcdef")]
    [InlineData("https://*.example.com", "https://a.example.com")]
    [InlineData("https://*.example.com", "https://A.b.Example.com:443")]
    [InlineData("https://*.example.com:8443", "https://a.example.com:8443")]
    [InlineData("http://localhost:*", "http://localhost")]
    [InlineData("http://localhost:*", "http://localhost:5173")]
    [InlineData("http://localhost:*", "http://LOCALHOST:65535")]
    [InlineData("http://[::1]:*", "http://[::1]:5173")]
    [InlineData("null", "null")]
    public void Origin_that_fits_is_allowed(string entry, string origin) => Assert.True(Allows(entry, origin));

    [Theory]
    [InlineData("https://allowed.com", "https://allowed.com.evil.com")]
    [InlineData("https://allowed.com", "https://evilallowed.com")]
    [InlineData("https://allowed.com", "https://sub.allowed.com")]
    [InlineData("https://allowed.com", "https://allowed.com:8443")]
    [InlineData("https://allowed.com:8443", "https://allowed.com")]
    [InlineData("https://allowed.com", "http://allowed.com")]
    [InlineData("http://allowed.com", "https://allowed.com")]
    [InlineData("http://allowed.com", "https://allowed.com:80")]
    [InlineData("https://allowed.com", "https://allowed.com.")]
    [InlineData("https://allowed.com", "https://allowed.com@evil.com")]
    [InlineData("https://allowed.com", "https://evil@allowed.com")]
    [InlineData("https://allowed.com", "https://allowed.com/")]
    [InlineData("https://allowed.com", "https://allowed.com#x")]
    [InlineData("https://allowed.com", "https://allowed.com?x")]
    [InlineData("https://allowed.com", "https://allowed.com\\.evil.com")]
    [InlineData("https://allowed.com", "https://allowed.com%2eevil.com")]
    [InlineData("https://allowed.com", "https://allowed.com, https://evil.com")]
    [InlineData("https://allowed.com", "https://allowed.com https://evil.com")]
    [InlineData("https://allowed.com", " https://allowed.com")]
    [InlineData("https://allowed.com", "https://allowed.com:")]
    [InlineData("https://allowed.com", "https://allowed.com:+443")]
    [InlineData("https://allowed.com", "https://allowed.com:65979")] // 443 + 65536
    [InlineData("https://allowed.com", "https:/allowed.com")]
    [InlineData("https://allowed.com", "allowed.com")]
    [InlineData("https://allowed.com", "//allowed.com")]
    [InlineData("https://allowed.com", "https://")]
    [InlineData("https://allowed.com", "")]
    [InlineData("https://allowed.com", "null")]
    [InlineData("https://bücher.example.com.invalid", "x", false)]
    [InlineData("https://xn--bcher-kva.example", "https://bücher.example")]
    [InlineData("https://allowed.com", "https://аllowed.com")] // Cyrillic a
    [InlineData("https://*.example.com", "https://example.com")]
    [InlineData("https://*.example.com", "https://.example.com")]
    [InlineData("https://*.example.com", "https://a..example.com")]
    [InlineData("https://*.example.com", "https://*.example.com")]
    [InlineData("https://*.example.com", "https://aexample.com")]
    [InlineData("https://*.example.com", "https://a.example.com.evil.com")]
    [InlineData("https://*.example.com", "https://a.example.com.")]
    [InlineData("https://*.example.com", "https://evil.com/.example.com")]
    [InlineData("https://*.example.com", "https://evil.com#.example.com")]
    [InlineData("https://*.example.com", "https://a.example.com:8443")]
    [InlineData("https://*.example.com", "http://a.example.com")]
    [InlineData("http://localhost:*", "https://localhost:5173")]
    [InlineData("http://localhost:*", "http://localhost.evil.com:5173")]
    [InlineData("http://localhost:*", "http://localhost:5173.evil.com")]
    [InlineData("http://localhost:*", "http://127.0.0.1:5173")]
    [InlineData("http://localhost:*", "http://localhost:*")]
    [InlineData("null", "NULL")]
    [InlineData("null", "https://null")]
    public void Any_other_origin_is_refused(string entry, string origin, bool validEntry = true)
    {
        Assert.Equal(validEntry, OriginPolicy.TryCreate([entry], out var policy, out _));
        Assert.False(policy?.Allows(origin, OtherHost, true) ?? false);
    }

    [Theory]
    [InlineData("http://host", "host", false, true)]
    [InlineData("http://host:80", "host", false, true)]
    [InlineData("http://host", "HOST:80", false, true)]
    [InlineData("http://host:8080", "host:8080", false, true)]
    [InlineData("https://host", "host", true, true)]
    [InlineData("https://host", "host:443", true, true)]
    [InlineData("https://host:8443", "host:8443", true, true)]
    [InlineData("http://[::1]:8080", "[::1]:8080", false, true)]
    [InlineData("https://host", "host", false, true)] // TLS ends in a proxy
    [InlineData("http://host", "host", true, false)]
    [InlineData("http://host:443", "host:443", true, false)]
    [InlineData("http://host:8081", "host:8080", false, false)]
    [InlineData("http://host", "host:8080", false, false)]
    [InlineData("https://host", "host:80", false, false)]
    [InlineData("http://other", "host", false, false)]
    [InlineData("http://host.", "host", false, false)]
    [InlineData("http://host@evil", "host", false, false)]
    [InlineData("ftp://host", "host", false, false)]
    [InlineData("http://host", "", false, false)]
    [InlineData("null", "null", false, false)]
    public void Own_host_is_allowed(string origin, string host, bool tls, bool allowed) => Assert.Equal(allowed, Policy().Allows(origin, host, tls));

    [Fact]
    public void Request_with_two_Origin_lines_is_refused_even_if_both_fit()
    {
        var policy = Policy("https://allowed.com");
        HttpHeader origin = new("Origin", "https://allowed.com");
        Assert.True(policy.Allows(new RequestHead("GET", "/", 1, [new("Host", "a"), origin]), "a", true));
        Assert.True(policy.Allows(new RequestHead("GET", "/", 1, [new("Host", "a")]), "a", true));
        Assert.False(policy.Allows(new RequestHead("GET", "/", 1, [new("Host", "a"), origin, origin]), "a", true));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("example.com")]
    [InlineData("//example.com")]
    [InlineData("://example.com")]
    [InlineData("https://example.com/")]
    [InlineData("https://example.com/path")]
    [InlineData("https://example.com?x")]
    [InlineData("https://example.com#x")]
    [InlineData("https://")]
    [InlineData("https://*")]
    [InlineData("https://*.")]
    [InlineData("https://*:*")]
    [InlineData("https://*example.com")]
    [InlineData("https://a.*.example.com")]
    [InlineData("https://*.*.example.com")]
    [InlineData("https://a*.example.com")]
    [InlineData("https://*.[::1]")]
    [InlineData("https://u@example.com")]
    [InlineData("https://example.com:")]
    [InlineData("https://example.com:http")]
    [InlineData("https://example.com:70000")]
    [InlineData("https://example.com:80:*")]
    [InlineData("*://example.com")]
    [InlineData("http*://example.com")]
    [InlineData("1http://example.com")]
    [InlineData("https://exämple.com")]
    [InlineData("https://a.com https://b.com")]
    [InlineData("NULL")]
    public void Entry_that_is_no_origin_is_an_error_that_names_it(string entry)
    {
        Assert.False(OriginPolicy.TryCreate(["https://good.com", entry], out var policy, out var error));
        Assert.Null(policy);
        Assert.Contains($"'{entry}'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Error_says_what_to_write_instead()
    {
        OriginPolicy.TryCreate(["example.com"], out _, out var noScheme);
        OriginPolicy.TryCreate(["https://example.com/app"], out _, out var path);
        Assert.EndsWith("https://example.com", noScheme, StringComparison.Ordinal);
        Assert.EndsWith("https://example.com", path, StringComparison.Ordinal);
    }
}
