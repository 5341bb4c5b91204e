using System.Text;
using Broker.Tests.Conformance;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Hostile;

/// <summary>
/// The same faults by clients that have not authenticated: one of each answer, all of them where <c>BROKER_TESTS_FULL=1</c>.
/// </summary>
public sealed class BeforeAuthSpecs(TokenNode shared) : IClassFixture<TokenNode>
{
    private const int Limit = 16 * 1024;

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static IEnumerable<TheoryDataRow<string, byte[], int>> Frames => Some(FrameSpecs.Wrong, static row => row.Data.Item3);

    public static IEnumerable<TheoryDataRow<string, string>> Unparsable => Some(MessageSpecs.Unparsable, static row => row.Data.Item2);

    public static IEnumerable<TheoryDataRow<string, string>> Refused =>
        Some(MessageSpecs.Refused.Where(static row => Encoding.UTF8.GetByteCount(row.Data.Item1) <= Limit), static row => row.Data.Item2);

    public static IEnumerable<TheoryDataRow<string>> Bombs => Some(MessageSpecs.Bombs, static row => Encoding.UTF8.GetByteCount(row.Data) > Limit);

    public static IEnumerable<TheoryDataRow<string, string>> Packed => Some(MessagePackSpecs.Unparsable, static _ => 0);

    public static IEnumerable<TheoryDataRow<string>> PackedBombs => Some(MessagePackSpecs.Bombs, static _ => 0);

    public static IEnumerable<TheoryDataRow<string, byte[], int>> Compressed => Some(DeflateSpecs.Wrong, static row => row.Data.Item3);

    [Theory]
    [MemberData(nameof(Frames))]
    public Task A_frame_is_answered_with_the_same_close_code(string what, byte[] frame, int code) =>
        FrameSpecs.IsAnsweredAsync(_node, what, frame, code);

    [Theory]
    [MemberData(nameof(Unparsable))]
    public Task The_first_message_that_cannot_be_parsed_is_the_last(string text, string code) => IsLastAsync(text, code);

    [Theory]
    [MemberData(nameof(Refused))]
    public Task Whatever_is_asked_first_needs_auth(string text, string code)
    {
        Assert.NotEqual("auth_required", code);
        return IsLastAsync(text, "auth_required");
    }

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task What_two_parsers_could_read_differently_is_the_last(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) <= Limit)
        {
            await IsLastAsync(text, "invalid_json", "invalid_message", "auth_required");
            return;
        }

        foreach (var segments in Segmentation.Three(TestFrame.Text(text)))
        {
            await using var socket = await _node.ClientAsync();
            await HostileNode.SendUntilCutAsync(socket, segments);
            await HostileNode.ClosesAsync(socket, 1009);
        }

        await _node.HasCountedAsync("broker.connections.closed 1009 message too big = 3");
    }

    [Theory]
    [MemberData(nameof(Packed))]
    public async Task The_first_binary_message_that_does_not_decode_is_the_last(string hex, string what)
    {
        foreach (var segments in Segmentation.Three([.. TestFrame.Build(2, Convert.FromHexString(hex)), .. TestFrame.Build(2, MessagePackSamples.Encode("""{"type":"ping"}"""))]))
        {
            await using var socket = await MessagePackSpecs.ConnectAsync(_node);
            await HostileNode.SendUntilCutAsync(socket, segments);
            var error = await MessagePackSpecs.ReadAsync(socket);
            Assert.True(error == """{"type":"error","code":"invalid_message","error":"Invalid message format"}""", $"{what}: {error}");
            Assert.Equal("""{"type":"disconnecting","code":1008,"reason":"auth required","reconnect":false,"after":0}""", await MessagePackSpecs.ReadAsync(socket));
            await HostileNode.ClosesAsync(socket, 1008, "auth required");
        }

        await _node.HasCountedAsync("broker.connections.closed 1008 auth required = 3", "broker.requests.refused invalid_message = 3");
    }

    [Theory]
    [MemberData(nameof(PackedBombs))]
    public async Task Binary_bombs_are_over_the_limit(string kind)
    {
        foreach (var segments in Segmentation.Three(TestFrame.Build(2, MessagePackSpecs.Bomb(kind))))
        {
            await using var socket = await MessagePackSpecs.ConnectAsync(_node);
            await HostileNode.SendUntilCutAsync(socket, segments);
            Assert.Equal("""{"type":"disconnecting","code":1009,"reason":"message too big","reconnect":true,"after":0}""", await MessagePackSpecs.ReadAsync(socket));
            await HostileNode.ClosesAsync(socket, 1009, "message too big");
        }

        await _node.HasCountedAsync("broker.connections.closed 1009 message too big = 3");
    }

    [Theory]
    [MemberData(nameof(Compressed))]
    public Task What_must_not_be_inflated_is_refused_with_the_same_code(string what, byte[] frames, int code) =>
        DeflateSpecs.IsAnsweredAsync(_node, what, frames, code);

    [Fact]
    public Task A_thousand_subscriptions_behind_the_first_message_are_read_by_nobody() =>
        IsLastAsync(Enumerable.Repeat("""{"type":"subscribe","topic":"open.t"}""", 1000), "auth_required");

    private Task IsLastAsync(string text, params string[] codes) => IsLastAsync([text, """{"type":"ping"}"""], codes);

    private async Task IsLastAsync(IEnumerable<string> texts, params string[] codes)
    {
        byte[] bytes = [.. texts.SelectMany(static text => TestFrame.Text(text))];
        var code = "";
        foreach (var segments in Segmentation.Three(bytes))
        {
            await using var socket = await _node.ClientAsync();
            await HostileNode.SendUntilCutAsync(socket, segments);
            code = (await HostileNode.ReadAsync(socket, "error")).GetProperty("code").GetString()!;
            Assert.Contains(code, codes);
            await HostileNode.ReadAsync(socket, "disconnecting");
            await HostileNode.ClosesAsync(socket, 1008, "auth required");
        }

        await _node.HasCountedAsync("broker.connections.closed 1008 auth required = 3", $"broker.requests.refused {code} = 3");
    }

    private static IEnumerable<TRow> Some<TRow, TKey>(IEnumerable<TRow> rows, Func<TRow, TKey> answer) =>
        Exchange.Full ? rows : rows.DistinctBy(answer);
}
