using System.Buffers;
using System.Text;
using Broker.Protocol.Http;
using Broker.Tests.Support;

namespace Broker.Tests.Http;

public sealed class BodyFramingSpecs
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("Content-Length: 0", "", true)]
    [InlineData("Content-Length: 5", "hello", true)]
    [InlineData("Content-Length: 6", "hello", false)]
    [InlineData("Transfer-Encoding: chunked", "0\r\n\r\n", true)]
    [InlineData("Transfer-Encoding: chunked", "5\r\nhello\r\n00B;a=\"b\"\r\nhello world\r\n0 \r\nX: y\r\nZ:\r\n\r\n", true)]
    [InlineData("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX: y\r\n", false)]
    [InlineData("Transfer-Encoding: chunked", "7fffffffffffffff\r\nhello", false)]
    public void A_body_ends_where_its_head_or_its_chunks_say(string lines, string body, bool done)
    {
        var (framing, followed) = Follow(lines, body + (done ? "GET / HTTP/1.1\r\n" : ""));
        Assert.Equal((done, false, body.Length), (framing.IsDone, framing.IsMalformed, followed));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData(";a\r\n")]
    [InlineData("g")]
    [InlineData("-5")]
    [InlineData("0x5")]
    [InlineData("5\n")]
    [InlineData("5;a\n")]
    [InlineData("5\rh")]
    [InlineData("5;a\rb")]
    [InlineData("8000000000000000")]
    [InlineData("5\r\nhello0")]
    [InlineData("5\r\nhello\n")]
    [InlineData("5\r\nhello\r0")]
    [InlineData("0\r\nX: y\n")]
    [InlineData("0\r\n\n")]
    [InlineData("0\r\nX: y\rz")]
    public void Chunks_that_two_parsers_could_end_differently_are_malformed(string body)
    {
        var (framing, followed) = Follow("Transfer-Encoding: chunked", body + "\r\n\r\n");
        Assert.Equal((true, false), (framing.IsMalformed, framing.IsDone));
        Assert.InRange(followed, 1, body.Length);
    }

    /// <summary>The same in every segmentation.</summary>
    private static (BodyFraming Framing, int Followed) Follow(string lines, string body)
    {
        var head = Encoding.Latin1.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\n{lines}{(lines.Length > 0 ? "\r\n" : "")}\r\n");
        Assert.Equal(HttpParseStatus.Complete, new RequestHeadParser(new HttpLimits()).Parse(head, out var parsed, out _));
        (BodyFraming Framing, int Followed)? first = null;
        foreach (var (name, cut) in Segmentation.All)
        {
            var framing = BodyFraming.Of(parsed!);
            var followed = 0;
            foreach (var segment in cut(Encoding.Latin1.GetBytes(body)))
            {
                var count = (int)framing.Follow(new ReadOnlySequence<byte>(segment));
                followed += count;
                if (count < segment.Length)
                {
                    break;
                }
            }

            first ??= (framing, followed);
            Assert.True(first.Value.Followed == followed && first.Value.Framing.IsDone == framing.IsDone && first.Value.Framing.IsMalformed == framing.IsMalformed, name);
        }

        return first!.Value;
    }
}
