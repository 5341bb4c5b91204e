using System.Buffers;
using System.Text;
using Broker.Fuzz.Engine;
using Broker.Protocol.Deflate;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;

namespace Broker.Fuzz.Targets;

/// <summary>
/// Request heads, one after the other: the same answer however reads cut them, and a head written out again is the
/// same head. What is complete goes on to the handshake and the origin rules; their answer is a sound response.
/// </summary>
internal sealed class RequestHeadTarget : FuzzTarget
{
    private static readonly HttpLimits Limits = new() { RequestLine = 200, HeaderBytes = 800, HeaderCount = 12 };
    private static readonly DeflateOptions Deflate = new();
    private static readonly string[] Subprotocols = ["broker.v1.json", "broker.v1.msgpack"];
    private static readonly OriginPolicy Origins = OriginPolicy.TryCreate(["https://*.example.com", "http://localhost:*", "null"], out var policy, out var error)
        ? policy
        : throw new InvalidOperationException(error);

    private readonly ArrayBufferWriter<byte> _response = new();

    public override string Name => "request-head";

    public override IReadOnlyList<byte[]> Dictionary { get; } = Tokens(
        "GET ", "OPTIONS * ", "POST ", "/ws", " HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/2.0\r\n", "\r\n", "\r\n\r\n", "\n", "\r", "\t", ": ", ":", ", ", " ",
        "Host: a\r\n", "host", "Host: [::1]:80\r\n", "[::ffff:1.2.3.4]", "Upgrade: websocket\r\n", "Connection: keep-alive, Upgrade\r\n", "Sec-WebSocket-Version: 13\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Sec-WebSocket-Protocol: broker.v1.json\r\n", "bearer.x", "Sec-WebSocket-Extensions: permessage-deflate\r\n", "Origin: https://a.example.com\r\n", "Origin: null\r\n",
        "Content-Length: 0\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "identity", "http://a/", "wss://a:1?b", "?token=%41+&a=b", "%", "%zz", "#", "..", "\u00e9", "\0");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var cuts = new Cuts(input[0]);
        var whole = new RequestHeadParser(Limits);
        var grown = new RequestHeadParser(Limits);
        for (var rest = input[1..]; ;)
        {
            var status = whole.Parse(rest, out var head, out var consumed);
            CompareGrown(grown, rest, ref cuts, whole, status, head, consumed);
            if (status != HttpParseStatus.Complete)
            {
                Promise.Holds(whole.Refusal.Status is 0 or 400 or 414 or 431 or 505, $"a status nobody expects: {whole.Refusal.Status}");
                return;
            }

            CheckAgain(head!);
            Judge(head!);
            rest = rest[consumed..];
        }
    }

    private static void CompareGrown(
        RequestHeadParser grown, ReadOnlySpan<byte> bytes, ref Cuts cuts, RequestHeadParser whole, HttpParseStatus status, RequestHead? head, int consumed)
    {
        var length = 0;
        var grownStatus = HttpParseStatus.NeedMore;
        RequestHead? grownHead = null;
        var grownConsumed = 0;
        while (length < bytes.Length && grownStatus == HttpParseStatus.NeedMore)
        {
            length += cuts.Next(bytes.Length - length);
            grownStatus = grown.Parse(bytes[..length], out grownHead, out grownConsumed);
        }

        Promise.Holds(grownStatus == status && grownConsumed == consumed && grown.Refusal == whole.Refusal, $"cut differs from whole: {grownStatus} {grown.Refusal}, not {status} {whole.Refusal}");
        Promise.Holds(head is null ? grownHead is null : grownHead is not null && Same(head, grownHead), "cut gives another head");
    }

    private static bool Same(RequestHead one, RequestHead other) =>
        one.Method == other.Method && one.Target == other.Target && one.VersionMinor == other.VersionMinor && one.Host == other.Host
        && one.Path == other.Path && one.Query == other.Query && one.Headers.SequenceEqual(other.Headers);

    private static void CheckAgain(RequestHead head)
    {
        var text = new StringBuilder().Append(head.Method).Append(' ').Append(head.Target).Append(" HTTP/1.").Append(head.VersionMinor).Append("\r\n");
        foreach (var (name, value) in head.Headers)
        {
            text.Append(name).Append(':').Append(value).Append("\r\n");
        }

        var bytes = Encoding.Latin1.GetBytes(text.Append("\r\n").ToString());
        var status = new RequestHeadParser(Limits).Parse(bytes, out var again, out var consumed);
        Promise.Holds(status == HttpParseStatus.Complete && consumed == bytes.Length && Same(head, again!), $"a head written out is not the same: {status}");
    }

    private void Judge(RequestHead head)
    {
        Origins.Allows(head, head.Host ?? "", tls: false);
        Origins.Allows(head, head.Host ?? "", tls: true);
        head.QueryParameters("token");
        var result = ServerHandshake.Evaluate(head, Subprotocols, Deflate);
        Promise.Holds(result.Accepted == (result.Status == 101) && result.Status is 101 or 400 or 405 or 426, $"a status nobody expects: {result.Status}");
        Promise.Holds(result.Subprotocol is null || Subprotocols.Contains(result.Subprotocol), "a subprotocol nobody speaks");
        _response.ResetWrittenCount();
        ResponseHead.Write(_response, result.Status, result.Headers);
        var status = new ResponseHeadParser(new HttpLimits()).Parse(_response.WrittenSpan, out var response, out var consumed);
        Promise.Holds(status == HttpParseStatus.Complete && consumed == _response.WrittenCount && response!.Status == result.Status, "a response that does not parse");
    }
}
