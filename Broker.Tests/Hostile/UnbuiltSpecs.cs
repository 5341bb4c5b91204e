using Broker.Tests.Contracts;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>
/// What the protocol has and this version has not is <c>unsupported</c>, whatever else stands in the request; what is no message at
/// all stays that.
/// </summary>
public sealed class UnbuiltSpecs(OpenNode shared) : IClassFixture<OpenNode>
{
    private static readonly string[] Types = ["call", "room.input"];

    /// <summary>What else a request may have, right and wrong.</summary>
    private static readonly string[] Rests =
    [
        "", ",\"topic\":\"t\"", ",\"topic\":\"t\",\"data\":1", ",\"topic\":7", ",\"topic\":\"a..b\",\"data\":1", ",\"topic\":\"$user\"", ",\"topic\":\"t\",\"token\":1",
        ",\"topic\":\"t\",\"token\":\"x\"", ",\"method\":\"m\",\"kind\":\"k\",\"data\":[]", ",\"kind\":null,\"seq\":-1,\"limit\":\"x\",\"method\":0",
    ];

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string> Requests => [.. Types];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task It_is_unsupported_whatever_else_the_request_has(string type)
    {
        foreach (var format in new[] { FormatSample.Json, FormatSample.MessagePack })
        {
            await using var client = await ConnectAsync(format);
            foreach (var rest in Rests)
            {
                var text = $$"""{"type":"{{type}}","id":1{{rest}}}""";
                Assert.Equal((text, "unsupported"), (text, await CodeAsync(client, text)));
            }
        }
    }

    [Theory]
    [InlineData("a.*", ",\"last\":301")]
    [InlineData(">", ",\"presence\":true")]
    [InlineData("a.>", ",\"recover\":{\"epoch\":\"e\",\"offset\":0}")]
    [InlineData("a.>", ",\"recover\":1,\"token\":1")]
    [InlineData("*", ",\"recover\":{\"epoch\":\"e\",\"offset\":5},\"token\":\"x\"")]
    public async Task So_is_a_pattern_with_anything_but_what_comes_live(string pattern, string rest)
    {
        foreach (var format in new[] { FormatSample.Json, FormatSample.MessagePack })
        {
            await using var client = await ConnectAsync(format);
            Assert.Equal("unsupported", await CodeAsync(client, $$"""{"type":"subscribe","id":1,"topic":"{{pattern}}"{{rest}}}"""));
        }
    }

    /// <summary>What sequenced topics have; a value that it may not have is no message.</summary>
    [Theory]
    [InlineData("subscribe", "last", "1", "300", "301", "-1", "1.5", "null", "\"1\"", "[]")]
    [InlineData("subscribe", "presence", "true", "true", "null", "1", "\"yes\"", "{}")]
    [InlineData("publish", "key", "\"k\"", "\"1\"", "\"\"", "null", "7", "[]", "false")]
    [InlineData("publish", "entry", "\"e\"", "\"1\"", "\"\"", "null", "7", "false")]
    [InlineData("publish", "remove", "true", "true", "null", "1", "\"true\"", "{}")]
    [InlineData("publish", "if", """{"epoch":"e","offset":0}""", """{"epoch":"e","offset":7}""", "{}", "null", "true", "[]")]
    [InlineData("history", "limit", "0", "300", "301", "-1", "\"1\"")]
    [InlineData("presence", "after", "\"\"", "\"1\"", "1", "{}")]
    public async Task A_broadcast_topic_has_none_of_what_sequenced_ones_have(string type, string key, string good, string better, params string[] bad)
    {
        foreach (var format in new[] { FormatSample.Json, FormatSample.MessagePack })
        {
            await using var client = await ConnectAsync(format);
            foreach (var (value, code) in new[] { (good, "unsupported"), (better, "unsupported") }.Concat(bad.Select(static value => (value, "invalid_message"))))
            {
                var text = $$"""{"type":"{{type}}","id":1,"topic":"t","data":1,"{{key}}":{{value}}}""";
                Assert.Equal((text, code), (text, await CodeAsync(client, text)));
            }
        }
    }

    [Theory]
    [InlineData("""{"type":"history","topic":"t","id":1.5}""", "invalid_message")]
    [InlineData("""{"type":"history","topic":"t","id":false}""", "invalid_message")]
    [InlineData("""{"type":"subscribe","topic":"t","last":1,"id":[]}""", "invalid_message")]
    [InlineData("""{"type":"publish","topic":"t","data":1,"if":{"offset":1},"id":null}""", "invalid_message")]
    [InlineData("""{"type":"room.dance","id":1}""", "unknown_type")]
    [InlineData("""{"type":"publish","topic":"a.*","data":1,"id":1}""", "invalid_topic")]
    [InlineData("""{"type":"subscribe","topic":"$a.*","id":1}""", "forbidden")]
    [InlineData("""{"type":"unsubscribe","id":1,"last":1}""", "invalid_message")]
    public async Task Rules_of_every_message_come_first(string request, string code)
    {
        foreach (var format in new[] { FormatSample.Json, FormatSample.MessagePack })
        {
            await using var client = await ConnectAsync(format);
            Assert.Equal(code, await CodeAsync(client, request));
        }
    }

    [Fact]
    public async Task Keys_that_repeat_refuse_the_frame()
    {
        const string Twice = """{"type":"history","id":1,"x":{"a":1,"a":2}}""";
        await using var json = await ConnectAsync(FormatSample.Json);
        Assert.Equal("invalid_json", await CodeAsync(json, Twice));
        await using var binary = await ConnectAsync(FormatSample.MessagePack);
        Assert.Equal("invalid_message", await CodeAsync(binary, Twice));
    }

    [Theory]
    [InlineData("""{"type":"subscribe","id":1,"topic":"plain","presence":false,"last":0}""", "subscribed")]
    [InlineData("""{"type":"publish","id":1,"topic":"plain","data":1,"remove":false}""", "published")]
    [InlineData("""{"type":"subscribe","id":1,"topic":"away","recover":{"epoch":"e","offset":5}}""", "subscribed\",\"id\":1,\"topic\":\"away\",\"recovered\":false")]
    public async Task Who_asks_for_nothing_of_it_gets_what_is_built(string request, string reply)
    {
        foreach (var format in new[] { FormatSample.Json, FormatSample.MessagePack })
        {
            await using var client = await ConnectAsync(format);
            await client.SendAsync(request, Cancel);
            Assert.StartsWith($$"""{"type":"{{reply}}""", await client.ReceiveAsync(Cancel), StringComparison.Ordinal);
        }
    }

    private Task<FormatClient> ConnectAsync(FormatSample format) => FormatClient.ConnectAsync(new Uri($"ws://127.0.0.1:{_node.Port}/ws"), format, Cancel);

    /// <summary>Of the one answer, which is an error.</summary>
    private static async Task<string> CodeAsync(FormatClient client, string request)
    {
        await client.SendAsync(request, Cancel);
        var answer = await client.ReceiveAsync(Cancel) ?? "";
        Assert.StartsWith("{\"type\":\"error\"", answer, StringComparison.Ordinal);
        return System.Text.Json.JsonDocument.Parse(answer).RootElement.GetProperty("code").GetString()!;
    }
}
