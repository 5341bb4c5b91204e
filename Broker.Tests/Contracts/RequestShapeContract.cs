using Broker.Protocol.Wire;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Contracts;

/// <summary>
/// Messages that are well-formed but wrong, in every format: every type with every key, missing, good and bad.
/// </summary>
/// <param name="format">Writes the frames, which are shown in JSON.</param>
public abstract class RequestShapeContract(FormatSample format)
{
    // PROTOCOL.md, "Client to server", written out a second time.
    private static readonly Dictionary<ClientMessageType, string[]> Keys = new()
    {
        [ClientMessageType.Auth] = ["token"],
        [ClientMessageType.Subscribe] = ["topic", "recover", "last", "presence", "token"],
        [ClientMessageType.Unsubscribe] = ["topic"],
        [ClientMessageType.Publish] = ["topic", "data", "key", "echo", "entry", "remove", "if"],
        [ClientMessageType.History] = ["topic", "since", "limit", "reverse"],
        [ClientMessageType.Presence] = ["topic", "limit", "after"],
        [ClientMessageType.Call] = ["method", "data", "room", "key", "timeout"],
        [ClientMessageType.Ping] = [],
        [ClientMessageType.RoomCreate] = ["kind", "options", "data"],
        [ClientMessageType.RoomJoin] = ["room", "kind", "match", "options", "code", "token", "as", "data"],
        [ClientMessageType.RoomLeave] = ["room"],
        [ClientMessageType.RoomSend] = ["room", "data", "seq", "name", "to"],
        [ClientMessageType.RoomInput] = ["room", "seq", "data"],
        [ClientMessageType.RoomSync] = ["room"],
        [ClientMessageType.RoomList] = ["kind", "match", "limit", "after"],
        [ClientMessageType.MatchJoin] = ["kind", "match", "skill", "data"],
        [ClientMessageType.MatchLeave] = ["kind", "match", "skill", "data"],
    };

    private static readonly Dictionary<string, string[]> Bad = new()
    {
        ["topic"] = ["null", "1", "{}", "[\"a\"]", "true"],
        ["data"] = [],
        ["key"] = ["null", "1", "\"\"", "{}", Quoted(65), "\"" + new string('é', 33) + "\""],
        ["entry"] = ["null", "1", "true", "\"\"", "{}", "[\"a\"]", Quoted(256), "\"" + new string('é', 128) + "\""],
        ["remove"] = ["null", "0", "1", "\"true\"", "{}", "[]"],
        ["if"] = BadPositions(),
        ["token"] = ["null", "1", "[]", "false"],
        ["echo"] = ["null", "0", "\"false\"", "{}"],
        ["presence"] = ["null", "1", "\"true\"", "[]"],
        ["reverse"] = ["null", "1", "\"true\"", "[]"],
        ["recover"] = BadPositions(),
        ["since"] = BadPositions(),
        ["last"] = [.. BadIntegers(), "301"],
        ["limit"] = [.. BadIntegers(), "301"],
        ["timeout"] = [.. BadIntegers(), "9007199254740992"],
        ["seq"] = [.. BadIntegers(), "9007199254740992"],
        ["method"] = ["null", "1", "{}"],
        ["kind"] = ["null", "1", "{}"],
        ["room"] = ["null", "1", "{}"],
        ["code"] = ["null", "1", "{}"],
        ["name"] = ["null", "1", "{}"],
        ["to"] = ["null", "1", "{}"],
        ["after"] = ["null", "1", "{}"],
        ["options"] = ["null", "1", "[]", "\"x\""],
        ["match"] = ["null", "1", "[]", "\"x\""],
        ["as"] = ["null", "1", "\"\"", "\"Player\"", "\"referee\""],
        ["skill"] = ["null", "\"1\"", "1e400", "-1e400", "{}"],
    };

    public static TheoryData<ClientMessageType> Types => [.. Keys.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public void Bad_value_of_an_own_key_is_invalid_message_and_of_a_foreign_one_is_ignored(ClientMessageType type)
    {
        foreach (var (key, values) in Bad)
        {
            var own = Keys[type].Contains(key);
            foreach (var value in values)
            {
                var message = Single(With(type, key, value));
                var expected = own ? ErrorCode.InvalidMessage : ErrorCode.None;
                Assert.True(expected == message.Error, $"{type} with {key}:{value} is {message.Error}, not {expected}");
                Assert.Equal(Number(77), message.Id);
            }
        }
    }

    [Fact]
    public void Required_key_that_is_missing_is_invalid_message()
    {
        string[] frames =
        [
            """{"type":"auth","id":77}""",
            """{"type":"subscribe","id":77}""",
            """{"type":"unsubscribe","id":77,"data":1}""",
            """{"type":"publish","id":77,"topic":"a"}""",
            """{"type":"publish","id":77,"data":1}""",
            """{"type":"publish","id":77,"topic":"a","remove":false}""",
            """{"type":"publish","id":77,"topic":"a","remove":1}""",
            """{"type":"publish","id":77,"remove":true}""",
            """{"type":"publish","id":77,"topic":"a","entry":"e"}""",
            """{"type":"call","id":77,"method":"m","remove":true}""",
            """{"type":"history","id":77}""",
            """{"type":"presence","id":77}""",
            """{"type":"call","id":77,"method":"m"}""",
            """{"type":"call","id":77,"data":1}""",
            """{"type":"room.create","id":77}""",
            """{"type":"room.join","id":77}""",
            """{"type":"room.leave","id":77}""",
            """{"type":"room.send","id":77,"room":"r"}""",
            """{"type":"room.send","id":77,"data":1}""",
            """{"type":"room.sync","id":77}""",
            """{"type":"room.input","id":77,"room":"r","data":1}""",
            """{"type":"room.input","id":77,"room":"r","seq":1}""",
            """{"type":"match.join","id":77}""",
            """{"type":"match.leave","id":77}""",
        ];
        Assert.All(frames, frame =>
        {
            var message = Single(frame);
            Assert.Equal((ErrorCode.InvalidMessage, Number(77)), (message.Error, message.Id));
        });
    }

    [Theory]
    [InlineData("""{"id":1}""", ErrorCode.InvalidMessage)]
    [InlineData("""{"type":null,"id":1}""", ErrorCode.InvalidMessage)]
    [InlineData("""{"type":7,"id":1}""", ErrorCode.InvalidMessage)]
    [InlineData("""{"type":["ping"],"id":1}""", ErrorCode.InvalidMessage)]
    [InlineData("""{"type":"","id":1}""", ErrorCode.UnknownType)]
    [InlineData("""{"type":"Ping","id":1}""", ErrorCode.UnknownType)]
    [InlineData("""{"type":"ping ","id":1}""", ErrorCode.UnknownType)]
    [InlineData("""{"type":"welcome","id":1}""", ErrorCode.UnknownType)]
    [InlineData("""{"type":"constructor","id":1}""", ErrorCode.UnknownType)]
    public void Type_must_be_a_string_that_is_known(string frame, ErrorCode expected)
    {
        var message = Single(frame);
        Assert.Equal((expected, Number(1)), (message.Error, message.Id));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("-1")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("1e400")]
    [InlineData("9007199254740992")]
    [InlineData("18446744073709551616")]
    [InlineData("{}")]
    [InlineData("[1]")]
    public void Id_that_is_neither_integer_nor_text_is_invalid_message_without_id(string id)
    {
        var message = Single($$"""{"type":"ping","id":{{id}}}""");
        Assert.Equal(ErrorCode.InvalidMessage, message.Error);
        Assert.False(message.Id.IsPresent);
    }

    [Theory]
    [InlineData(64, ErrorCode.None)]
    [InlineData(65, ErrorCode.InvalidMessage)]
    [InlineData(65536, ErrorCode.InvalidMessage)]
    public void Id_text_has_at_most_64_bytes(int length, ErrorCode expected) =>
        Assert.Equal(expected, Single($$"""{"type":"ping","id":{{Quoted(length)}}}""").Error);

    [Fact]
    public void Limits_count_bytes_after_unescaping()
    {
        var escaped = string.Concat(Enumerable.Repeat("\\u0078", 64));

        Assert.Equal(Named(new string('x', 64)), Single($$"""{"type":"ping","id":"{{escaped}}"}""").Id);
        Assert.Equal(ErrorCode.None, Single($$"""{"type":"publish","topic":"a","data":1,"key":"{{escaped}}"}""").Error);
        Assert.Equal(ErrorCode.InvalidMessage, Single($$"""{"type":"publish","topic":"a","data":1,"key":"{{escaped}}x"}""").Error);
        Assert.Equal(64, Single($$"""{"type":"publish","topic":"a","data":1,"entry":"{{escaped}}"}""").Entry.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    public void Entry_has_up_to_255_bytes(int length) =>
        Assert.Equal(length, Single($$"""{"type":"publish","topic":"a","data":1,"entry":{{Quoted(length)}}}""").Entry.Length);

    // The grammar of topics is the node's: the codec hands over what it cannot mistake for something else.
    [Theory]
    [InlineData("")]
    [InlineData("constructor")]
    [InlineData("__proto__")]
    [InlineData("\u0000\u001f")]
    [InlineData("$sys")]
    public void Any_text_reaches_the_topic_check_unchanged(string topic)
    {
        var message = Single($$"""{"type":"subscribe","topic":"{{string.Concat(topic.Select(c => $"\\u{(int)c:x4}"))}}"}""");
        Assert.Equal((ErrorCode.None, topic), (message.Error, Text(message.Topic)));
    }

    [Fact]
    public void Long_topic_reaches_the_topic_check_whole() =>
        Assert.Equal(256, Single($$"""{"type":"subscribe","topic":{{Quoted(256)}}}""").Topic.Length);

    [Fact]
    public void Unknown_keys_are_ignored_whatever_they_hold() =>
        Assert.Equal(
            ErrorCode.None,
            Single("""{"__proto__":{"a":[1,{"b":null}]},"constructor":1,"Type":2,"type":"ping","":[[]],"topics":1e400}""").Error);

    [Fact]
    public void Positions_take_extra_keys_and_the_ends_of_the_range()
    {
        var message = Single("""{"type":"subscribe","topic":"a","recover":{"x":[{}],"offset":9007199254740991,"epoch":"\u0065"}}""");
        Assert.Equal(ErrorCode.None, message.Error);
        Assert.Equal("e", Text(message.Recover!.Value.Epoch));
        Assert.Equal(WireLimits.MaxInteger, message.Recover.Value.Offset);
    }

    private ClientMessage Single(string json) => format.One(json);

    private static string With(ClientMessageType type, string key, string value)
    {
        var smallest = Smallest[type];
        var at = smallest.IndexOf($"\"{key}\":", StringComparison.Ordinal);
        if (at >= 0)
        {
            var end = smallest.IndexOfAny([',', '}'], at);
            smallest = smallest[..at] + $"\"{key}\":{value}" + smallest[end..];
            return smallest.Insert(1, "\"id\":77,");
        }

        return smallest.Insert(1, $"\"id\":77,\"{key}\":{value},");
    }

    private static string Quoted(int length) => "\"" + new string('x', length) + "\"";

    private static string[] BadIntegers() =>
        ["null", "\"1\"", "-1", "1.5", "1.0", "1e1", "1e400", "18446744073709551616", "true", "[]", "{}"];

    private static string[] BadPositions() =>
    [
        "null", "1", "\"e\"", "[]", "{}", """{"epoch":"e"}""", """{"offset":1}""", """{"epoch":1,"offset":1}""",
        """{"epoch":null,"offset":1}""", """{"epoch":"e","offset":null}""", """{"epoch":"e","offset":-1}""",
        """{"epoch":"e","offset":1.5}""", """{"epoch":"e","offset":"1"}""", """{"epoch":"e","offset":9007199254740992}""",
        """{"epoch":"e","offset":1e400}""",
    ];
}
