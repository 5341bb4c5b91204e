using System.Buffers;
using System.Text;
using Broker.Protocol.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Http;

public sealed class ResponseHeadSpecs
{
    private static string Write(int status, params HttpHeader[] headers)
    {
        var output = new ArrayBufferWriter<byte>();
        ResponseHead.Write(output, status, headers);
        return Encoding.Latin1.GetString(output.WrittenSpan);
    }

    [Fact]
    public void Status_line_and_headers_end_with_an_empty_line() =>
        Assert.Equal("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX: \u00e9\r\n\r\n", Write(101, new("Upgrade", "websocket"), new("X", "\u00e9")));

    [Fact]
    public void Unknown_status_has_an_empty_phrase() => Assert.Equal("HTTP/1.1 599 \r\n\r\n", Write(599));

    [Theory]
    [InlineData(200, "OK")]
    [InlineData(400, "Bad Request")]
    [InlineData(401, "Unauthorized")]
    [InlineData(403, "Forbidden")]
    [InlineData(404, "Not Found")]
    [InlineData(405, "Method Not Allowed")]
    [InlineData(408, "Request Timeout")]
    [InlineData(413, "Content Too Large")]
    [InlineData(414, "URI Too Long")]
    [InlineData(426, "Upgrade Required")]
    [InlineData(429, "Too Many Requests")]
    [InlineData(431, "Request Header Fields Too Large")]
    [InlineData(500, "Internal Server Error")]
    [InlineData(503, "Service Unavailable")]
    [InlineData(505, "HTTP Version Not Supported")]
    public void Known_status_has_the_phrase_of_its_rfc(int status, string phrase) => Assert.Equal($"HTTP/1.1 {status} {phrase}\r\n\r\n", Write(status));

    [Theory]
    [InlineData("X", "a\r\nSet-Cookie: b")]
    [InlineData("X", "a\n")]
    [InlineData("X", "a\r")]
    [InlineData("X", "\0")]
    [InlineData("X", "\u010a")]
    [InlineData("X\r\nY", "a")]
    [InlineData("", "a")]
    public void Header_that_could_leave_its_line_is_not_written(string name, string value) =>
        Assert.Throws<ArgumentException>(() => Write(200, new HttpHeader(name, value)));

    [Fact]
    public void Written_head_is_read_back()
    {
        var bytes = Encoding.Latin1.GetBytes(Write(426, new("Upgrade", "websocket"), new("Connection", "Upgrade")) + "body");
        foreach (var (_, cut) in Segmentation.All)
        {
            var parser = new ResponseHeadParser(new HttpLimits());
            HttpResponse? response = null;
            var received = 0;
            var consumed = 0;
            foreach (var segment in cut(bytes))
            {
                received += segment.Length;
                if (parser.Parse(bytes.AsSpan(0, received), out response, out consumed) != HttpParseStatus.NeedMore)
                {
                    break;
                }
            }

            Assert.Equal((426, 1, bytes.Length - 4), (response!.Status, response.VersionMinor, consumed));
            Assert.Equal([new("Upgrade", "websocket"), new("Connection", "Upgrade")], response.Headers);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 101\r\n")]
    [InlineData("HTTP/2.0 101 x\r\n")]
    [InlineData("HTTP/1.1 1x1 x\r\n")]
    [InlineData("HTTP/1.1 099 x\r\n")]
    [InlineData("HTTP/1.1 1010 x\r\n")]
    [InlineData("HTTP/1.1 101 x\n")]
    [InlineData("HTTP/1.1 101 x\r\nX : y\r\n")]
    public void Malformed_response_is_refused(string text)
    {
        var parser = new ResponseHeadParser(new HttpLimits());
        Assert.Equal(HttpParseStatus.Refused, parser.Parse(Encoding.ASCII.GetBytes(text), out var response, out _));
        Assert.Null(response);
    }

    [Fact]
    public void Endless_response_is_refused_at_its_limits()
    {
        var limits = new HttpLimits { RequestLine = 20, HeaderBytes = 20, HeaderCount = 1 };
        Assert.Equal(HttpParseStatus.Refused, new ResponseHeadParser(limits).Parse("HTTP/1.1 101 abcdefghijkl"u8, out _, out _));
        Assert.Equal(HttpParseStatus.Refused, new ResponseHeadParser(limits).Parse("HTTP/1.1 101 x\r\nA: bcdefghijklmnopqrst"u8, out _, out _));
        Assert.Equal(HttpParseStatus.Refused, new ResponseHeadParser(limits).Parse("HTTP/1.1 101 x\r\nA: b\r\nC: d\r\n"u8, out _, out _));
    }
}
