using Broker.Tests.Http;

namespace Broker.Tests.Hostile;

/// <summary>A request is answered by the same rules as the first of its connection and as a later one.</summary>
public sealed class RequestPlaceSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private const string First = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Host = "Host: a\r\n";
    private const string Chunked = $"POST / HTTP/1.1\r\n{Host}Transfer-Encoding: chunked\r\n\r\n";

    private readonly HostileNode _node = shared.Node;

    public static TheoryData<string> Requests =>
    [
        .. RequestCases.Sound.Select(static row => row.Data.Item1),
        .. RequestCases.RequestLines.Select(static row => $"{row.Data.Item1}\r\n{Host}\r\n"),
        .. RequestCases.HeaderLines.Select(static row => $"GET / HTTP/1.1\r\n{Host}{row.Data}\r\n\r\n"),
        .. RequestCases.HeaderLines.Select(static row => $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}{row.Data}\r\n\r\n"),
        .. RequestCases.Hosts.Select(static row => $"GET / HTTP/1.1\r\n{row.Data}\r\n"),
        .. RequestCases.Hosts.Select(static row => $"GET http://a/ HTTP/1.1\r\n{row.Data}\r\n"),
        .. RequestCases.BodyLines.Select(static row => $"POST / HTTP/1.1\r\n{Host}{row.Data}\r\n\r\n"),
        .. RequestCases.Refused.Select(static row => row.Data.Item2),
        .. H1Specs.Cases.Where(static one => one.Answer != 0).Select(static one => one.Request),
        .. ChunkExtensionSpecs.Bodies.Select(static row => Chunked + row.Data.Item2),
        $"POST / HTTP/1.0\r\n{Host}Transfer-Encoding: chunked\r\n\r\n",
        $"POST / HTTP/1.1\r\n{Host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        $"{Chunked}5\r\nhello\r\n0\r\n\r\n",
        $"{Chunked}5;a=\"b\"\r\nhello\r\n0\r\nX: trailer\r\n\r\n",
        $"{Chunked}5\r\nhello\r\n0\r\nX: trailer\n\r\n\r\n",
        $"{Chunked}fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "\r\n\r\n" + First,
        $"GET http://a HTTP/1.1\r\n{Host}\r\n",
        $"GET http://b:81/?c HTTP/1.1\r\n{Host}\r\n",
        $"GET ws://a/ HTTP/1.1\r\n{Host}\r\n",
        $"GET https://b:81/ws?batch=10 HTTP/1.1\r\n{RequestCases.Upgrade}\r\n",
        $"GET http://a/ws HTTP/1.1\r\n{RequestCases.Upgrade}\r\n",
        $"GET wss://b:81/ws?batch=10 HTTP/1.1\r\n{RequestCases.Upgrade}\r\n",
        $"GET http://a/ws?batch=x HTTP/1.1\r\n{RequestCases.Upgrade}\r\n",
        $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}\r\n",
        $"GET /ws? HTTP/1.1\r\n{RequestCases.Upgrade}Cookie: a=\u00ff\r\n\r\n",
        $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}Origin: http://evil.example\r\n\r\n",
        $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}Authorization: Bearer x\r\n\r\n",
        $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}Content-Length: 0\r\n\r\n",
        $"GET /ws HTTP/1.9\r\n{RequestCases.Upgrade}\r\n",
        $"GET /{new string('a', 8192 - "GET / HTTP/1.1".Length)} HTTP/1.1\r\n{Host}\r\n",
        $"GET /ws?{new string('a', 8192 - "GET /ws? HTTP/1.1".Length)} HTTP/1.1\r\n{RequestCases.Upgrade}\r\n",
        $"GET / HTTP/1.1\r\n{Host}X: {new string('v', 16384 - $"{Host}X: \r\n\r\n".Length)}\r\n\r\n",
        $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}X: {new string('v', 16384 - $"{RequestCases.Upgrade}X: \r\n\r\n".Length)}\r\n\r\n",
        $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}{string.Concat(Enumerable.Repeat("a:\r\n", 59))}\r\n",
        $"GET /ws HTTP/1.1\r\n{RequestCases.Upgrade}{string.Concat(Enumerable.Repeat("a:\r\n", 60))}\r\n",
    ];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_request_is_answered_alike_as_the_first_and_as_a_later_one(string request)
    {
        var first = await AnswerAsync(request, before: "");
        Assert.StartsWith("HTTP/1.1 ", first, StringComparison.Ordinal);

        Assert.Equal(first, await AnswerAsync(request, First));
        Assert.Equal(first, await AnswerAsync(request, $"{Chunked}5\r\nhello\r\n0\r\n\r\n"));
        Assert.Equal(first, await AnswerAsync(request, First, inOne: true));
    }

    /// <summary>The answer without its date, its header lines in order of name.</summary>
    private async Task<string> AnswerAsync(string request, string before, bool inOne = false)
    {
        using var client = await _node.HttpAsync();
        if (inOne)
        {
            await client.SendAsync(before + request);
            await client.ReadResponseAsync();
        }
        else
        {
            if (before.Length > 0)
            {
                await client.SendAsync(before);
                await client.ReadResponseAsync();
            }

            await client.SendAsync(request);
        }

        var (head, body) = await client.ReadResponseAsync(withBody: !request.StartsWith("HEAD ", StringComparison.Ordinal));
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var headers = lines.Skip(1).Where(static line => !line.StartsWith("Date:", StringComparison.Ordinal)).Order(StringComparer.OrdinalIgnoreCase);
        return string.Join('\n', [lines[0], .. headers, "", body]);
    }
}
