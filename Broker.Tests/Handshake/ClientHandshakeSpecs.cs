using System.Buffers;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;

namespace Broker.Tests.Handshake;

public sealed class ClientHandshakeSpecs
{
    private static RequestHead Sent(ClientHandshakeRequest request)
    {
        var output = new ArrayBufferWriter<byte>();
        request.Write(output);
        Assert.Equal(HttpParseStatus.Complete, new RequestHeadParser(new HttpLimits()).Parse(output.WrittenSpan, out var head, out var consumed));
        Assert.Equal(output.WrittenCount, consumed);
        return head!;
    }

    private static List<HttpHeader> Answer(ClientHandshakeRequest request) =>
        [.. ServerHandshake.Evaluate(Sent(request), ["a", "b"]).Headers];

    private static ClientHandshakeResult Validate(ClientHandshakeRequest request, IReadOnlyList<HttpHeader> headers, int status = 101, int minor = 1) =>
        ClientHandshake.Validate(request, new HttpResponse(minor, status, headers));

    [Fact]
    public void Client_and_server_agree()
    {
        var request = ClientHandshake.CreateRequest("example.com:81", "/ws?x=1", ["b", "a"], [new("Origin", "https://example.com")]);
        var head = Sent(request);
        Assert.Equal(("example.com:81", "/ws", "x=1", "https://example.com"), (head.Host, head.Path, head.Query, head.Single("Origin")));
        Assert.Equal(new ClientHandshakeResult(true, "", "b"), Validate(request, Answer(request)));
    }

    [Fact]
    public void Every_request_has_its_own_key() =>
        Assert.NotEqual(ClientHandshake.CreateRequest("a", "/").Key, ClientHandshake.CreateRequest("a", "/").Key);

    [Theory]
    [InlineData(200, 1)]
    [InlineData(426, 1)]
    [InlineData(101, 0)]
    public void Response_but_101_of_HTTP_1_1_is_refused(int status, int minor)
    {
        var request = ClientHandshake.CreateRequest("a", "/");
        Assert.False(Validate(request, Answer(request), status, minor).Accepted);
    }

    [Theory]
    [InlineData("Upgrade", null)]
    [InlineData("Upgrade", "h2c")]
    [InlineData("Upgrade", "websocket, h2c")]
    [InlineData("Connection", null)]
    [InlineData("Connection", "close")]
    [InlineData("Sec-WebSocket-Accept", null)]
    [InlineData("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]
    [InlineData("Sec-WebSocket-Protocol", "c")]
    [InlineData("Sec-WebSocket-Protocol", "A")]
    [InlineData("Sec-WebSocket-Protocol", "a, b")]
    [InlineData("Sec-WebSocket-Extensions", "permessage-deflate")]
    public void Response_with_a_wrong_header_is_refused(string name, string? value)
    {
        var request = ClientHandshake.CreateRequest("a", "/", ["a", "b"]);
        var headers = Answer(request);
        headers.RemoveAll(header => header.Name == name);
        if (value is not null)
        {
            headers.Add(new HttpHeader(name, value));
        }

        var result = Validate(request, headers);
        Assert.False(result.Accepted);
        Assert.NotEmpty(result.Reason);
        Assert.Null(result.Subprotocol);
    }

    [Theory]
    [InlineData("Sec-WebSocket-Protocol", "a")]
    [InlineData("Sec-WebSocket-Accept", "x")]
    public void Response_with_a_repeated_header_is_refused(string name, string value)
    {
        var request = ClientHandshake.CreateRequest("a", "/", ["a", "b"]);
        Assert.False(Validate(request, [.. Answer(request), new HttpHeader(name, value)]).Accepted);
    }

    [Fact]
    public void Server_may_choose_no_subprotocol()
    {
        var request = ClientHandshake.CreateRequest("a", "/", ["a"]);
        var headers = Answer(request);
        headers.RemoveAll(header => header.Name == "Sec-WebSocket-Protocol");
        Assert.Equal(new ClientHandshakeResult(true, "", null), Validate(request, headers));
    }

    [Theory]
    [InlineData("", "/", null, null)]
    [InlineData("a\r\nb", "/", null, null)]
    [InlineData("a", "b", null, null)]
    [InlineData("a", "/ HTTP/1.1\r\n", null, null)]
    [InlineData("a", "/", "a b", null)]
    [InlineData("a", "/", null, "x\r\ny: z")]
    public void Argument_that_could_leave_its_line_is_not_sent(string host, string target, string? subprotocol, string? header) =>
        Assert.Throws<ArgumentException>(() => ClientHandshake.CreateRequest(
            host, target, subprotocol is null ? null : [subprotocol], header is null ? null : [new HttpHeader("X", header)]));
}
