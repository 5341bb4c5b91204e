using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Every type of message with the keys of all others: they are not its own, so they change nothing.</summary>
public sealed class ForeignFieldSpecs(FakeNode shared) : IClassFixture<FakeNode>
{
    private static readonly Dictionary<string, (string Required, string Optional)> Types = new()
    {
        ["subscribe"] = ("topic", "recover last presence token"),
        ["unsubscribe"] = ("topic", ""),
        ["publish"] = ("topic data", "key echo entry remove if"),
        ["history"] = ("topic", "since limit reverse"),
        ["presence"] = ("topic", "limit after"),
        ["call"] = ("method data", "room key timeout"),
        ["ping"] = ("", ""),
        ["room.create"] = ("kind", "options data"),
        ["room.join"] = ("room", "kind match options code token as data"),
        ["room.leave"] = ("room", ""),
        ["room.send"] = ("room data", "seq name to"),
        ["room.sync"] = ("room", ""),
        ["room.list"] = ("", "kind match limit after"),
        ["match.join"] = ("kind", "match skill data"),
        ["match.leave"] = ("kind", "match skill data"),
    };

    /// <summary>Each key with a value it may have, and one it may not.</summary>
    private static readonly Dictionary<string, (string Good, string Bad)> Keys = new()
    {
        ["topic"] = ("\"t\"", "{}"),
        ["token"] = ("\"x\"", "1"),
        ["data"] = ("[1]", "null"),
        ["key"] = ("\"k\"", "\"\""),
        ["echo"] = ("true", "\"yes\""),
        ["entry"] = ("\"e\"", "\"\""),
        ["remove"] = ("false", "1"),
        ["if"] = ("""{"epoch":"e","offset":0}""", "{}"),
        ["recover"] = ("""{"epoch":"e","offset":0}""", """{"epoch":1,"offset":-1}"""),
        ["last"] = ("1", "301"),
        ["presence"] = ("false", "1"),
        ["since"] = ("""{"epoch":"e","offset":0}""", "\"e\""),
        ["limit"] = ("1", "-1"),
        ["reverse"] = ("false", "[]"),
        ["after"] = ("\"a\"", "{}"),
        ["method"] = ("\"m\"", "null"),
        ["timeout"] = ("1", "1.5"),
        ["kind"] = ("\"k\"", "[]"),
        ["options"] = ("{}", "\"o\""),
        ["room"] = ("\"r\"", "7"),
        ["match"] = ("{}", "[]"),
        ["code"] = ("\"c\"", "false"),
        ["as"] = ("\"player\"", "\"king\""),
        ["seq"] = ("1", "9007199254740992"),
        ["name"] = ("\"n\"", "{}"),
        ["to"] = ("\"p\"", "1"),
        ["skill"] = ("1.5", "\"high\""),
    };

    private readonly HostileNode _node = shared.Node;

    private static CancellationToken Cancel => Deadline.Cancel;

    public static TheoryData<string> Names => [.. Types.Keys];

    public static TheoryData<string> Built => ["subscribe", "unsubscribe", "publish", "history", "presence", "ping"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Keys_of_other_types_change_nothing_good_or_bad(string type)
    {
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await using var socket = await _node.ClientAsync();
        var (required, optional) = Types[type];
        var own = Words(required).ToDictionary(static key => key, static key => Keys[key].Good);
        var expected = await AnswerAsync(socket, type, own);
        foreach (var (other, (theirs, more)) in Types.Where(other => other.Key != type))
        {
            foreach (var bad in new[] { false, true })
            {
                var fields = new Dictionary<string, string>(own);
                foreach (var key in Words($"{theirs} {more}").Except(Words($"{required} {optional}")))
                {
                    fields[key] = bad ? Keys[key].Bad : Keys[key].Good;
                }

                await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
                Assert.Equal((other, bad, expected), (other, bad, await AnswerAsync(socket, type, fields)));
            }
        }

        await HostileNode.RoundTripAsync(socket);
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    [Theory]
    [MemberData(nameof(Built))]
    public async Task Wrong_and_missing_keys_of_a_type_are_errors_under_the_id_of_the_request(string type)
    {
        await _node.AdvanceAsync(TimeSpan.FromSeconds(5));
        await using var socket = await _node.ClientAsync();
        var (required, optional) = Types[type];
        foreach (var wrong in Words($"{required} {optional}").Where(static key => key != "data"))
        {
            var fields = Words(required).ToDictionary(static key => key, static key => Keys[key].Good);
            fields[wrong] = Keys[wrong].Bad;
            await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Equal((wrong, "error invalid_message"), (wrong, await AnswerAsync(socket, type, fields)));
        }

        foreach (var missing in Words(required))
        {
            var fields = Words(required).Where(key => key != missing).ToDictionary(static key => key, static key => Keys[key].Good);
            await _node.AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Equal((missing, "error invalid_message"), (missing, await AnswerAsync(socket, type, fields)));
        }

        await HostileNode.RoundTripAsync(socket);
        await HostileNode.LeaveAsync(socket);
        await _node.IsUnharmedAsync();
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Type and code of the one answer.</summary>
    private static async Task<string> AnswerAsync(RawWebSocket socket, string type, Dictionary<string, string> fields)
    {
        var text = $$"""{"type":"{{type}}","id":"one"{{string.Concat(fields.Select(static field => $",\"{field.Key}\":{field.Value}"))}}}""";
        await socket.SendTextAsync(text, Cancel);
        while (true)
        {
            var answer = JsonDocument.Parse(await socket.ReceiveTextAsync(Cancel)).RootElement;
            if (answer.GetProperty("type").GetString() != "message")
            {
                Assert.Equal("one", answer.GetProperty("id").GetString());
                return $"{answer.GetProperty("type")} {(answer.TryGetProperty("code", out var code) ? code.GetString() : "")}".TrimEnd();
            }
        }
    }
}
