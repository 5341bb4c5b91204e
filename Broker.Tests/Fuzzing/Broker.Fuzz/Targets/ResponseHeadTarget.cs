using Broker.Fuzz.Engine;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;

namespace Broker.Fuzz.Targets;

/// <summary>The response a WebSocket client reads: the same answer however reads cut it, and a verdict without exceptions.</summary>
internal sealed class ResponseHeadTarget : FuzzTarget
{
    private static readonly HttpLimits Limits = new() { RequestLine = 100, HeaderBytes = 600, HeaderCount = 8 };
    private static readonly ClientHandshakeRequest Request = ClientHandshake.CreateRequest("a", "/ws", ["broker.v1.json"]);

    public override string Name => "response-head";

    public override IReadOnlyList<byte[]> Dictionary { get; } = Tokens(
        "HTTP/1.1 101 Switching Protocols\r\n", "HTTP/1.0 200 \r\n", "\r\n", "\r\n\r\n", "\n", ": ", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Sec-WebSocket-Protocol: broker.v1.json\r\n", "Sec-WebSocket-Extensions: permessage-deflate\r\n");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var cuts = new Cuts(input[0]);
        var bytes = input[1..];
        var status = new ResponseHeadParser(Limits).Parse(bytes, out var response, out var consumed);
        var grown = new ResponseHeadParser(Limits);
        var grownStatus = HttpParseStatus.NeedMore;
        var grownConsumed = 0;
        for (var length = 0; length < bytes.Length && grownStatus == HttpParseStatus.NeedMore;)
        {
            length += cuts.Next(bytes.Length - length);
            grownStatus = grown.Parse(bytes[..length], out _, out grownConsumed);
        }

        Promise.Holds(status == grownStatus && consumed == grownConsumed, $"cut differs from whole: {grownStatus} {grownConsumed}, not {status} {consumed}");
        if (response is not null)
        {
            var result = ClientHandshake.Validate(Request, response);
            Promise.Holds(result.Accepted == (result.Reason.Length == 0), "a refusal without a reason");
        }
    }
}
