using System.Text;
using Broker.Protocol.Http;
using Broker.Tests.Support;
using CsCheck;

namespace Broker.Tests.Http;

public sealed class RequestHeadParserSpecs
{
    private const string Start = "GET / HTTP/1.1\r\n";
    private const string Host = "Host: a\r\n";
    private static readonly HttpLimits Limits = new();

    /// <summary>Parses in every segmentation, expects one answer, and returns it: the head, or null and the refusal.</summary>
    private static (RequestHead? Head, HttpRefusal Refusal, int Consumed) Parse(byte[] bytes, HttpLimits? limits = null)
    {
        (HttpParseStatus, string, HttpRefusal, int)? first = null;
        RequestHead? head = null;
        var consumed = 0;
        HttpRefusal refusal = default;
        foreach (var (name, cut) in Segmentation.All)
        {
            var parser = new RequestHeadParser(limits ?? Limits);
            var received = 0;
            var status = HttpParseStatus.NeedMore;
            foreach (var segment in cut(bytes))
            {
                received += segment.Length;
                status = parser.Parse(bytes.AsSpan(0, received), out head, out consumed);
                if (status != HttpParseStatus.NeedMore)
                {
                    break;
                }
            }

            refusal = parser.Refusal;
            var answer = (status, head is null ? "" : Describe(head), refusal, consumed);
            first ??= answer;
            Assert.True(first == answer, $"{name}: {answer} against {first}");
        }

        return (head, refusal, consumed);
    }

    private static string Describe(RequestHead head) =>
        $"{head.Method} {head.Target} {head.VersionMinor} " + string.Join("|", head.Headers.Select(header => $"{header.Name}={header.Value}"));

    private static void AssertRefused(int status, string request, HttpLimits? limits = null)
    {
        var (head, refusal, consumed) = Parse(Encoding.Latin1.GetBytes(request), limits);
        Assert.Null(head);
        Assert.Equal(status, refusal.Status);
        Assert.NotEmpty(refusal.Reason);
        Assert.Equal(0, consumed);
    }

    private static RequestHead AssertParsed(string request)
    {
        var (head, refusal, consumed) = Parse(Encoding.Latin1.GetBytes(request));
        Assert.Equal(default, refusal);
        Assert.NotNull(head);
        Assert.Equal(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, consumed);
        return head;
    }

    [Fact]
    public void Head_is_taken_and_what_follows_is_left()
    {
        var head = AssertParsed("GET /chat?topic=a%2Eb&x HTTP/1.1\r\nHost: Example.com:8080\r\nX-A:\t 1 \t\r\nx-a:2\r\nX-Empty:\r\n\r\nfollows\n\0");
        Assert.Equal("GET", head.Method);
        Assert.Equal("/chat?topic=a%2Eb&x", head.Target);
        Assert.Equal("/chat", head.Path);
        Assert.Equal("topic=a%2Eb&x", head.Query);
        Assert.Equal(1, head.VersionMinor);
        Assert.Equal("Example.com:8080", head.Host);
        Assert.Equal([new("Host", "Example.com:8080"), new("X-A", "1"), new("x-a", "2"), new("X-Empty", "")], head.Headers);
    }

    [Fact]
    public void Every_proper_prefix_needs_more()
    {
        var bytes = "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n"u8.ToArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(HttpParseStatus.NeedMore, new RequestHeadParser(Limits).Parse(bytes.AsSpan(0, length), out _, out _));
        }
    }

    [Fact]
    public void Parser_stands_at_the_next_head_after_a_complete_one()
    {
        var parser = new RequestHeadParser(Limits);
        Assert.Equal(HttpParseStatus.Complete, parser.Parse(Encoding.ASCII.GetBytes($"{Start}Host: a\r\n\r\n"), out var first, out _));
        Assert.Equal(HttpParseStatus.Complete, parser.Parse(Encoding.ASCII.GetBytes($"POST /b HTTP/1.0\r\nHost: b\r\n\r\n"), out var second, out _));
        Assert.Equal(("a", "b", "POST", 0), (first!.Host, second!.Host, second.Method, second.VersionMinor));
    }

    [Fact]
    public void Refusal_is_final()
    {
        var parser = new RequestHeadParser(Limits);
        Assert.Equal(HttpParseStatus.Refused, parser.Parse("\0"u8, out _, out _));
        Assert.Equal(HttpParseStatus.Refused, parser.Parse(Encoding.ASCII.GetBytes($"{Start}{Host}\r\n"), out _, out _));
        Assert.Equal(400, parser.Refusal.Status);
    }

    [Theory]
    [MemberData(nameof(RequestCases.Sound), MemberType = typeof(RequestCases))]
    public void Sound_head_is_accepted(string request, int minor)
    {
        var (head, refusal, _) = Parse(Encoding.Latin1.GetBytes(request));
        Assert.Equal(default, refusal);
        Assert.Equal(minor, head!.VersionMinor);
    }

    [Theory]
    [MemberData(nameof(RequestCases.RequestLines), MemberType = typeof(RequestCases))]
    public void Malformed_request_line_is_refused(string line, int status) => AssertRefused(status, $"{line}\r\n{Host}\r\n");

    [Theory]
    [MemberData(nameof(RequestCases.HeaderLines), MemberType = typeof(RequestCases))]
    public void Malformed_header_line_is_refused(string line) => AssertRefused(400, $"{Start}{Host}{line}\r\n\r\n");

    [Theory]
    [InlineData("GET / HTTP/1.1\n")]
    [InlineData("GET / HTTP/1.1\rHost: a\r\n")]
    [InlineData("\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002")]
    public void Head_that_starts_wrong_is_refused_before_its_end(string start) => AssertRefused(400, start);

    [Theory]
    [MemberData(nameof(RequestCases.Hosts), MemberType = typeof(RequestCases))]
    public void Missing_repeated_or_invalid_Host_is_refused(string host)
    {
        AssertRefused(400, $"{Start}{host}\r\n");
        AssertRefused(400, $"GET http://a/ HTTP/1.1\r\n{host}\r\n");
    }

    [Theory]
    [MemberData(nameof(RequestCases.BodyLines), MemberType = typeof(RequestCases))]
    public void Head_whose_body_two_parsers_could_end_differently_is_refused(string lines) =>
        AssertRefused(400, $"POST / HTTP/1.1\r\n{Host}{lines}\r\n\r\n");

    [Fact]
    public void Transfer_Encoding_in_HTTP_1_0_is_refused() => AssertRefused(400, $"POST / HTTP/1.0\r\n{Host}Transfer-Encoding: chunked\r\n\r\n");

    [Fact]
    public void Request_line_of_8192_bytes_is_accepted_and_one_more_is_414()
    {
        var path = new string('a', 8192 - "GET / HTTP/1.1".Length);
        Assert.Equal(path.Length + 1, AssertParsed($"GET /{path} HTTP/1.1\r\n{Host}\r\n").Path.Length);
        AssertRefused(414, $"GET /{path}a HTTP/1.1\r\n{Host}\r\n");
        AssertRefused(414, new string('a', 8194));
    }

    [Fact]
    public void Headers_of_16_KiB_are_accepted_and_one_more_byte_is_431()
    {
        var value = new string('v', 16384 - "Host: a\r\nX: \r\n\r\n".Length);
        Assert.Equal(value, AssertParsed($"{Start}{Host}X: {value}\r\n\r\n").Single("x"));
        AssertRefused(431, $"{Start}{Host}X: {value}v\r\n\r\n");
        AssertRefused(431, $"{Start}{Host}X: {value}\r\nY: z\r\n\r\n");
        AssertRefused(431, $"{Start}{new string('n', 16384)}");
    }

    [Theory]
    [InlineData(65)]
    [InlineData(2_000)]
    public void Header_65_is_431(int count)
    {
        Assert.Equal(64, AssertParsed($"{Start}{Host}{string.Concat(Enumerable.Repeat("a:\r\n", 63))}\r\n").Headers.Count);
        AssertRefused(431, $"{Start}{Host}{string.Concat(Enumerable.Repeat("a:\r\n", count - 1))}\r\n");
    }

    [Fact]
    public void Refusal_comes_at_the_byte_that_passes_the_limit()
    {
        var parser = new RequestHeadParser(Limits);
        var endless = new byte[10 << 20];
        endless.AsSpan().Fill((byte)'a');
        Assert.Equal(HttpParseStatus.NeedMore, parser.Parse(endless.AsSpan(0, 8193), out _, out _));
        Assert.Equal(HttpParseStatus.Refused, parser.Parse(endless.AsSpan(0, 8194), out _, out _));
        Assert.Equal(414, parser.Refusal.Status);
    }

    [Fact]
    public void Bytes_one_by_one_cost_linear_time()
    {
        // A parser that scans from the start at each byte would look at 16 times as much for 4 times the bytes.
        var limits = new HttpLimits { HeaderBytes = 1 << 20 };
        Measure(limits, 100_000);
        var small = Enumerable.Range(0, 3).Min(_ => Measure(limits, 100_000));
        var large = Enumerable.Range(0, 3).Min(_ => Measure(limits, 400_000));
        Assert.True(large < small * 8, $"{small} for 100,000 bytes, {large} for 400,000");
    }

    private static TimeSpan Measure(HttpLimits limits, int length)
    {
        var bytes = Encoding.ASCII.GetBytes($"{Start}{Host}X: {new string('v', length)}");
        var parser = new RequestHeadParser(limits);
        var incomplete = 0;
        var start = ThreadTime.Now;
        for (var received = 1; received <= bytes.Length; received++)
        {
            incomplete += parser.Parse(bytes.AsSpan(0, received), out _, out _) == HttpParseStatus.NeedMore ? 1 : 0;
        }

        Assert.Equal(bytes.Length, incomplete);
        return ThreadTime.Now - start;
    }

    [Fact]
    public void Any_bytes_give_one_answer_in_every_segmentation()
    {
        var pieces = Gen.OneOf("GET ", "/", "a", " ", "HTTP/1.1", "\r\n", "\r", "\n", "Host: a", ":", "\t", "X: y", "Content-Length: 1", "\0", "\u00ff", "?", "http://a", "Transfer-Encoding: chunked");
        pieces.Array[0, 20].Sample(parts => Parse(Encoding.Latin1.GetBytes(string.Concat(parts)), new HttpLimits { RequestLine = 24, HeaderBytes = 40, HeaderCount = 3 }));
        pieces.Array[0, 20].Sample(parts => Parse(Encoding.Latin1.GetBytes($"{Start}{Host}{string.Concat(parts)}")));
    }
}
