using Broker.Protocol.Wire;
using static Broker.Tests.Wire.WireSamples;

namespace Broker.Tests.Contracts;

/// <summary>Every message about rooms in every format, as <see cref="ServerMessageContract"/> has the others.</summary>
/// <param name="format">Shows what was written as JSON.</param>
public abstract class RoomMessageContract(FormatSample format)
{
    [Fact]
    public void Joined_says_where_and_who_the_client_is_and_who_else_is_there()
    {
        var message = new RoomJoinedMessage(Number(1), "race-1", "race", "p1", "to\"ken", 2, 300, 50, 30_000)
        {
            State = format.Encode("""{"x":[1]}"""),
            Players = [new RoomSeatInfo("p1", true, format.Encode("""{"name":"zoë"}""")), new RoomSeatInfo("p2", false, default)],
        };

        Assert.Equal(
            """{"type":"room.joined","id":1,"room":"race-1","kind":"race","player":"p1","token":"to\"ken","generation":2,"tick":300,"step":50,"""
            + """ "state":{"x":[1]},"players":[{"player":"p1","connected":true,"data":{"name":"zoë"}},{"player":"p2","connected":false}],"grace":30000}""".TrimStart(),
            format.Written((codec, output) => codec.Write(output, message)));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(20, "20")]
    [InlineData(62.5, "62.5")]
    [InlineData(1000.0 / 60, "16.666666666666668")]
    public void Step_is_a_whole_number_where_it_is_one(double step, string expected) =>
        Assert.Equal(
            $$"""{"type":"room.joined","room":"r","kind":"k","player":"p","token":"t","generation":1,"tick":0,"step":{{expected}},"state":null,"players":[],"grace":0}""",
            format.Written((codec, output) => codec.Write(output, new RoomJoinedMessage(default, "r", "k", "p", "t", 1, 0, step, 0))));

    [Fact]
    public void Joined_takes_any_number_of_players()
    {
        var players = Enumerable.Range(0, 300).Select(static i => new RoomSeatInfo($"p{i}", true, default)).ToList();
        var message = new RoomJoinedMessage(default, "r", "k", "p", "t", 1, 0, 0, 0) { Players = players };

        Assert.Contains(
            "\"players\":[" + string.Join(',', players.Select(static seat => $$"""{"player":"{{seat.Player}}","connected":true}""")) + "],\"grace\":0}",
            format.Written((codec, output) => codec.Write(output, message)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Left_says_why()
    {
        Assert.Equal(
            """{"type":"room.left","id":"x","room":"r","reason":"left"}""",
            format.Written((codec, output) => codec.Write(output, new RoomLeftMessage(Named("x"), "r", "left"))));
        Assert.Equal(
            """{"type":"room.left","room":"r","reason":"kicked"}""",
            format.Written((codec, output) => codec.Write(output, new RoomLeftMessage(default, "r", "kicked"))));
    }

    [Fact]
    public void State_is_null_where_the_room_shows_none()
    {
        Assert.Equal(
            """{"type":"room.state","id":7,"room":"r","generation":3,"tick":9007199254740991,"time":1700000000000,"reason":"asked","data":[{"a":1}]}""",
            format.Written((codec, output) => codec.Write(
                output, new RoomStateMessage(Number(7), "r", 3, WireLimits.MaxInteger, 1700000000000, "asked", format.Encode("""[{"a":1}]""")))));
        Assert.Equal(
            """{"type":"room.state","room":"r","generation":3,"tick":0,"time":5,"reason":"restored","data":null}""",
            format.Written((codec, output) => codec.Write(output, new RoomStateMessage(default, "r", 3, 0, 5, "restored", default))));
    }

    [Fact]
    public void Event_leaves_out_the_name_and_the_player_it_has_not()
    {
        Assert.Equal(
            """{"type":"room.event","room":"r","name":"sh\\ot","from":"p1","data":{"x":1.5}}""",
            format.Written((codec, output) => codec.Write(output, new RoomEventMessage("r", "sh\\ot", "p1", format.Encode("""{"x":1.5}""")))));
        Assert.Equal(
            """{"type":"room.event","room":"r","data":null}""",
            format.Written((codec, output) => codec.Write(output, new RoomEventMessage("r", "", null, default))));
    }

    [Fact]
    public void Player_has_what_it_says_about_itself_or_nothing()
    {
        Assert.Equal(
            """{"type":"room.player","room":"r","player":"p1","change":"joined","data":{"name":"zoë"}}""",
            format.Written((codec, output) => codec.Write(output, new RoomPlayerMessage("r", "p1", "joined", format.Encode("""{"name":"zoë"}""")))));
        Assert.Equal(
            """{"type":"room.player","room":"r","player":"p1","change":"dropped"}""",
            format.Written((codec, output) => codec.Write(output, new RoomPlayerMessage("r", "p1", "dropped", default))));
    }

    [Fact]
    public void Paused_names_the_room() =>
        Assert.Equal("""{"type":"room.paused","room":"r"}""", format.Written((codec, output) => codec.Write(output, new RoomPausedMessage("r"))));

    [Fact]
    public void Result_has_data_always()
    {
        Assert.Equal(
            """{"type":"result","id":1,"data":[true]}""",
            format.Written((codec, output) => codec.Write(output, new ResultMessage(Number(1), format.Encode("[true]")))));
        Assert.Equal("""{"type":"result","data":null}""", format.Written((codec, output) => codec.Write(output, new ResultMessage(default, default))));
    }

    [Fact]
    public void List_has_rooms_with_their_metadata_and_where_it_goes_on()
    {
        var metadata = new SortedDictionary<string, string> { ["ma\"p"] = "ice\n", ["x"] = "" };
        var list = new RoomListMessage(Number(1), [new RoomListEntry("a-1", "a", 1, 4, 2, false, metadata), new RoomListEntry("a-2", "a", 4, 4, 0, true, new Dictionary<string, string>())])
        {
            After = "a-2",
        };

        Assert.Equal(
            """{"type":"room.list","id":1,"rooms":[{"room":"a-1","kind":"a","players":1,"maxPlayers":4,"spectators":2,"locked":false,"metadata":{"ma\"p":"ice\n","x":""}},"""
            + """ {"room":"a-2","kind":"a","players":4,"maxPlayers":4,"spectators":0,"locked":true,"metadata":{}}],"after":"a-2"}""".TrimStart(),
            format.Written((codec, output) => codec.Write(output, list)));
        Assert.Equal("""{"type":"room.list","rooms":[]}""", format.Written((codec, output) => codec.Write(output, new RoomListMessage(default, []))));
    }

    [Theory]
    [InlineData(15)]
    [InlineData(16)]
    public void Metadata_has_any_number_of_entries(int count)
    {
        var metadata = new SortedDictionary<string, string>(Enumerable.Range(10, count).ToDictionary(static i => $"k{i}", static i => $"v{i}"));
        var list = new RoomListMessage(default, [new RoomListEntry("r", "k", 0, 1, 0, false, metadata)]);

        Assert.EndsWith(
            "\"metadata\":{" + string.Join(',', metadata.Select(static pair => $"\"{pair.Key}\":\"{pair.Value}\"")) + "}}]}",
            format.Written((codec, output) => codec.Write(output, list)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Match_is_waited_for_and_found()
    {
        Assert.Equal(
            """{"type":"match.waiting","id":1,"kind":"race"}""",
            format.Written((codec, output) => codec.Write(output, new MatchWaitingMessage(Number(1), "race"))));
        Assert.Equal(
            """{"type":"match.found","kind":"race","room":"race-1","token":"t"}""",
            format.Written((codec, output) => codec.Write(output, new MatchFoundMessage("race", "race-1", "t"))));
    }

    [Fact]
    public void Error_of_who_refused_has_a_reason_and_data() =>
        Assert.Equal(
            """{"type":"error","id":3,"code":"failed","error":"Refused by the application","reason":"not your turn","data":{"turn":"p2"}}""",
            format.Written((codec, output) => codec.Write(
                output, new ErrorMessage(ErrorCode.Failed, Number(3)) { Reason = "not your turn", Data = format.Encode("""{"turn":"p2"}""") })));
}
