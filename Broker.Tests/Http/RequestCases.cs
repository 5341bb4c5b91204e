namespace Broker.Tests.Http;

/// <summary>Requests good and bad, for the parser alone and for a whole node.</summary>
public static class RequestCases
{
    public const string Upgrade = "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    /// <summary>Whole heads that are accepted, and their minor version.</summary>
    public static TheoryData<string, int> Sound => new()
    {
        { "GET / HTTP/1.0\r\n\r\n", 0 },
        { "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 0 },
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1 },
        { "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 1 },
        { "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 1 },
        { "M-SEARCH!#$%&'*+.^_`|~09 / HTTP/1.1\r\nHost: a\r\n\r\n", 1 },
        { "GET /{a}|b?c={}&%zz HTTP/1.1\r\nHost: a\r\n\r\n", 1 },
        { "GET / HTTP/1.1\r\nHost: [::1]:80\r\nX: \u00e9\t\u00ff\r\n\r\n", 1 },
        { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n", 1 },
        { "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", 1 },
        { "GET / HTTP/1.1\r\nhoSt:\texample.com\r\nempty:\r\n\r\n", 1 },
        { "GET / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\n\r\n", 1 },
    };

    /// <summary>Request lines that are refused, and the status.</summary>
    public static TheoryData<string, int> RequestLines => new()
    {
        { "GET / HTTP/2.0", 505 },
        { "GET / HTTP/1.2", 505 },
        { "GET / HTTP/9.9", 505 },
        { "GET / HTTP/0.9", 505 },
        { "PRI * HTTP/2.0", 505 },
        { "GET / HTTP/1.1 ", 400 },
        { "GET / HTTP/1.10", 400 },
        { "GET / HTTP/1.", 400 },
        { "GET / HTTP/1", 400 },
        { "GET / HTTP/2", 400 },
        { "GET / http/1.1", 400 },
        { "GET / HTTPS/1.1", 400 },
        { "GET / ", 400 },
        { "GET /", 400 },
        { "GET", 400 },
        { " GET / HTTP/1.1", 400 },
        { "GET  / HTTP/1.1", 400 },
        { "GET /  HTTP/1.1", 400 },
        { "GET\t/ HTTP/1.1", 400 },
        { "GET /\t HTTP/1.1", 400 },
        { "GET /a b HTTP/1.1", 400 },
        { "G(T / HTTP/1.1", 400 },
        { "G\u00e9T / HTTP/1.1", 400 },
        { "GET a HTTP/1.1", 400 },
        { "GET ?a HTTP/1.1", 400 },
        { "GET * HTTP/1.1", 400 },
        { "OPTIONS ** HTTP/1.1", 400 },
        { "GET /a#b HTTP/1.1", 400 },
        { "GET /\u00e9 HTTP/1.1", 400 },
        { "GET http:// HTTP/1.1", 400 },
        { "GET http://u@a/ HTTP/1.1", 400 },
        { "GET gopher://a/ HTTP/1.1", 400 },
        { "GET ws://a/ HTTP/1.1", 400 },
        { "GET wss://a/ HTTP/1.1", 400 },
        { "GET ://a/ HTTP/1.1", 400 },
        { "CONNECT a:443 HTTP/1.1", 400 },
        { "\r\nGET /", 400 },
    };

    /// <summary>What is no header line, to stand behind a Host.</summary>
    public static TheoryData<string> HeaderLines => new()
    {
        "X : y",
        "X\t: y",
        " X: y",
        "\tX: y",
        "X: y\r\n folded",
        "X: y\r\n\tfolded",
        ": y",
        "X",
        "X[]: y",
        "X\u00e9: y",
        "X: a\0b",
        "X: a\u0007",
        "X: a\u007f",
        "X: a\rb",
        "X: a\nY: b",
        "X: a\n",
        "\n",
        "\rX: y",
        "X: y\r\r",
    };

    /// <summary>Header lines in place of the one Host.</summary>
    public static TheoryData<string> Hosts => new()
    {
        "",
        "Host:\r\n",
        "Host: \t\r\n",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nhOST: b\r\n",
        "Host: a, b\r\n",
        "Host: u@a\r\n",
        "Host: a/b\r\n",
        "Host: a:b\r\n",
        "Host: a:65536\r\n",
        "Host: a:80:80\r\n",
        "Host: ::1\r\n",
        "Host: [::1\r\n",
        "Host: [1.2.3.4]\r\n",
        "Host: [[::1]]\r\n",
        "Host: [::1/64]\r\n",
        "Host: [fe80::1%25eth0]\r\n",
        "Host: [::1]a\r\n",
        "Host: :80\r\n",
        "Host: a..b\r\n",
    };

    /// <summary>Header lines with which two parsers could find different ends of the body.</summary>
    public static TheoryData<string> BodyLines => new()
    {
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\ncontent-length: 5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 5, 5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5.0",
        "Content-Length: \u00b2",
        "Content-Length: abc",
        "Content-Length:",
        "Content-Length: 9223372036854775808",
        "Content-Length: -123456789123456789123456789",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding:",
    };

    /// <summary>Whole requests that are refused, and the status.</summary>
    public static TheoryData<string, string, int> Refused => new()
    {
        { "a TLS hello", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n", 400 },
        { "another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n", 400 },
        { "HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
        { "HTTP/1.0", $"GET /ws HTTP/1.0\r\n{Upgrade}\r\n", 400 },
        { "HTTP/9.9", $"GET /ws HTTP/9.9\r\n{Upgrade}\r\n", 505 },
        { "a space after the version", $"GET /ws HTTP/1.1 \r\n{Upgrade}\r\n", 400 },
        { "a long request line", $"GET /{new string('a', 8193)} HTTP/1.1\r\n{Upgrade}\r\n", 414 },
        { "a line without an end", new string('a', 100_000), 414 },
        { "a long header", $"GET /ws HTTP/1.1\r\nX: {new string('a', 17 * 1024)}\r\n{Upgrade}\r\n", 431 },
        { "65 headers", $"GET /ws HTTP/1.1\r\n{string.Concat(Enumerable.Repeat("X: 1\r\n", 60))}{Upgrade}\r\n", 431 },
        { "no Host", $"GET /ws HTTP/1.1\r\n{Upgrade.Replace("Host: a\r\n", "", StringComparison.Ordinal)}\r\n", 400 },
        { "two Hosts", $"GET /ws HTTP/1.1\r\nHost: b\r\n{Upgrade}\r\n", 400 },
        { "TE and CL", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400 },
        { "two CL", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
        { "a list of CL", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", 400 },
        { "a signed CL", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400 },
        { "a hexadecimal CL", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400 },
        { "an odd TE", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 400 },
        { "chunked, identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400 },
        { "a bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400 },
        { "a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400 },
        { "a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400 },
        { "POST", $"POST /ws HTTP/1.1\r\n{Upgrade}\r\n", 405 },
        { "HEAD", $"HEAD /ws HTTP/1.1\r\n{Upgrade}\r\n", 405 },
        { "no upgrade", "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", 426 },
        { "version 12", $"GET /ws HTTP/1.1\r\n{Upgrade.Replace("13", "12", StringComparison.Ordinal)}\r\n", 426 },
        { "two versions", $"GET /ws HTTP/1.1\r\nSec-WebSocket-Version: 13\r\n{Upgrade}\r\n", 426 },
        { "a list of upgrades", $"GET /ws HTTP/1.1\r\n{Upgrade.Replace("websocket", "h2c, websocket", StringComparison.Ordinal)}\r\n", 426 },
        { "Connection: close", $"GET /ws HTTP/1.1\r\n{Upgrade.Replace(": Upgrade", ": close", StringComparison.Ordinal)}\r\n", 426 },
        { "a short key", $"GET /ws HTTP/1.1\r\n{Upgrade.Replace("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==", StringComparison.Ordinal)}\r\n", 400 },
        { "two keys", $"GET /ws HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{Upgrade}\r\n", 400 },
        { "a body announced", $"GET /ws HTTP/1.1\r\nContent-Length: 5\r\n{Upgrade}\r\nhello", 400 },
        { "a chunked body announced", $"GET /ws HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{Upgrade}\r\n", 400 },
        { "an unknown subprotocol", $"GET /ws HTTP/1.1\r\nSec-WebSocket-Protocol: graphql-ws\r\n{Upgrade}\r\n", 400 },
        { "a bearer alone", $"GET /ws HTTP/1.1\r\nSec-WebSocket-Protocol: bearer.abc\r\n{Upgrade}\r\n", 400 },
    };
}
