using System.Text;
using Broker.Protocol.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Http;

/// <summary>
/// The 32 requests that public checks of HTTP/1.1 servers ask for: each has to be answered well, refused, or waited for.
/// </summary>
public sealed class H1Specs
{
    private const string Host = "Host: example.com\r\n";

    /// <summary>Request, and its answer: 200 for one that is good, 0 where more has to come.</summary>
    internal static readonly (string Case, string Request, int Answer)[] Cases =
    [
        ("fragmented method", "G", 0),
        ("fragmented target 1", "GET ", 0),
        ("fragmented target 2", "GET /hello", 0),
        ("fragmented target 3", "GET /hello ", 0),
        ("fragmented version", "GET /hello HTTP", 0),
        ("fragmented request line", "GET /hello HTTP/1.1", 0),
        ("fragmented end of the request line 1", "GET /hello HTTP/1.1\r", 0),
        ("fragmented end of the request line 2", "GET /hello HTTP/1.1\r\n", 0),
        ("fragmented name of a header", "GET /hello HTTP/1.1\r\nHos", 0),
        ("fragmented value of a header 1", "GET /hello HTTP/1.1\r\nHost:", 0),
        ("fragmented value of a header 2", "GET /hello HTTP/1.1\r\nHost: ", 0),
        ("fragmented value of a header 3", "GET /hello HTTP/1.1\r\nHost: localhost", 0),
        ("fragmented value of a header 4", "GET /hello HTTP/1.1\r\nHost: localhost\r", 0),
        ("fragmented headers", "GET /hello HTTP/1.1\r\nHost: localhost\r\n", 0),
        ("fragmented end of the headers", "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r", 0),
        ("no version", "GET / \r\n\r\n", 400),
        ("Expect", $"GET / HTTP/1.1\r\n{Host}Expect: 100-continue\r\n\r\n", 200),
        ("a request", $"GET / HTTP/1.1\r\n{Host}\r\n", 200),
        ("odd but right", "GET / HTTP/1.1\r\nhoSt:\texample.com\r\nempty:\r\n\r\n", 200),
        ("wrong characters in a name", $"GET / HTTP/1.1\r\n{Host}X-Invalid[]: test\r\n\r\n", 400),
        ("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", $"GET / HTTP/1.1\r\n{Host}{Host}\r\n", 400),
        ("a negative length beyond 64 bits", $"POST / HTTP/1.1\r\n{Host}Content-Length: -123456789123456789123456789\r\n\r\n", 400),
        ("a negative length", $"POST / HTTP/1.1\r\n{Host}Content-Length: -1234\r\n\r\n", 400),
        ("a length that is no number", $"POST / HTTP/1.1\r\n{Host}Content-Length: abc\r\n\r\n", 400),
        ("an empty value", $"GET / HTTP/1.1\r\n{Host}X-Empty: \r\n\r\n", 200),
        ("a control character in a value", $"GET / HTTP/1.1\r\n{Host}X-Bad: test\u0007\r\n\r\n", 400),
        ("a version there is not", $"GET / HTTP/9.9\r\n{Host}\r\n", 505),
        ("text before the method", $"Extra lineGET / HTTP/1.1\r\n{Host}\r\n", 400),
        ("a wrong end of a line", $"GET / HTTP/1.1\r\n{Host}\rSome-Header: Test\r\n\r\n", 400),
        ("a body", $"POST / HTTP/1.1\r\n{Host}Content-Length: 5\r\n\r\nhello", 200),
        ("length and chunks", $"POST / HTTP/1.1\r\n{Host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ];

    public static TheoryData<string> Names => [.. Cases.Select(static one => one.Case)];

    [Fact]
    public void There_are_32_requests() => Assert.Equal(32, Cases.DistinctBy(static one => one.Case).Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void A_request_is_answered_as_its_case_says_however_it_is_cut(string name)
    {
        var (_, request, expected) = Cases.Single(one => one.Case == name);
        var bytes = Encoding.Latin1.GetBytes(request);
        foreach (var (how, cut) in Segmentation.All)
        {
            var parser = new RequestHeadParser(new HttpLimits());
            var (status, received) = (HttpParseStatus.NeedMore, 0);
            foreach (var segment in cut(bytes))
            {
                received += segment.Length;
                status = parser.Parse(bytes.AsSpan(0, received), out _, out _);
                if (status != HttpParseStatus.NeedMore)
                {
                    break;
                }
            }

            var answer = status switch { HttpParseStatus.NeedMore => 0, HttpParseStatus.Complete => 200, _ => parser.Refusal.Status };
            Assert.True(expected == answer, $"{name}, {how}: {answer}");
        }
    }
}
