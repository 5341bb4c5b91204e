using System.Text;
using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Connections;

/// <summary>What clients ask of rooms by their kind goes to the lobby, and what that finds is joined.</summary>
public sealed class LobbyRequestsSpecs : RoomSessions
{
    private const string Race = "race" + Random;

    [Fact]
    public async Task Join_by_kind_finds_a_room_and_joins_it_with_the_token_of_the_seat()
    {
        var client = await ConnectAsync(user: "ann");
        await client.SendAsync("""{"type":"room.join","kind":"race","match":{"map":"ice"},"options":{"laps":3},"code":"c","as":"spectator","data":{"n":1},"id":"j"}""");
        var request = await Lobby.NextAsync("find");
        Assert.Equal(("race", "ann", client.Id, true), (request.Kind, request.User, request.Connection, request.MayCreate));
        Assert.Equal(("""{"map":"ice"}""", """{"laps":3}"""), (Text(request.Match), Text(request.Options)));
        Assert.True(client.InFlight > 0);

        Answer(request, new LobbyAnswer(request.Number, ErrorCode.None) { Room = Race, Token = "t" });
        var command = await Lanes.RoomAsync();
        Assert.Equal((RoomInputKind.Join, Race, "t", "c", true, "ann"), (command.Input.Kind, command.Input.Room, command.Input.Token, command.Input.Code, command.Input.AsSpectator, command.Input.User));
        Assert.Equal(("""{"n":1}""", "j", client.Id), (Text(command.Input.Data), command.Input.Id.ToString(), command.Input.Connection));
        command.Complete();
        await Eventually.IsTrueAsync(() => client.InFlight == 0, "the batch is held");
        Assert.Same(command.Subscription, (await PostedAsync(client, $$"""{"type":"room.sync","room":"{{Race}}"}""")).Subscription);

        // Once is enough.
        Answer(request, new LobbyAnswer(request.Number, ErrorCode.None) { Room = "go" + Random });
        Assert.Equal(RoomInputKind.Leave, (await PostedAsync(client, $$"""{"type":"room.leave","room":"{{Race}}"}""")).Input.Kind);
    }

    [Theory]
    [InlineData(ErrorCode.RoomNotFound, "")]
    [InlineData(ErrorCode.Unavailable, ",\"retryAfter\":1000")]
    public async Task What_the_lobby_refuses_is_told(ErrorCode error, string rest)
    {
        var client = await ConnectAsync();
        await client.SendAsync("""{"type":"room.join","kind":"race","id":3}""");
        var request = await Lobby.NextAsync("find");
        Answer(request, new LobbyAnswer(request.Number, error));
        Assert.Equal(
            $$"""{"type":"error","id":3,"code":"{{ErrorCodes.Name(error)}}","error":"{{ErrorCodes.Text(error)}}"{{rest}}}""", await client.ReadAsync(Cancellation));
        await Eventually.IsTrueAsync(() => client.InFlight == 0, "the batch is held");
    }

    [Fact]
    public async Task Who_may_not_create_is_found_what_is_there()
    {
        var client = await ConnectAsync(new RightsOptions { Rooms = new RoomRightsOptions { Join = ["race"] } });
        await client.SendAsync("""{"type":"room.join","kind":"race"}""");
        Assert.False((await Lobby.NextAsync("find")).MayCreate);
        await client.SendAsync("""{"type":"match.join","kind":"race"}""");
        Assert.False((await Lobby.NextAsync("wait")).MayCreate);
        foreach (var type in new[] { "room.join", "room.list", "match.join", "match.leave" })
        {
            Assert.Equal((type, "forbidden"), (type, await AnswerAsync(client, $$"""{"type":"{{type}}","kind":"go","id":1}""")));
        }
    }

    [Theory]
    [InlineData("\"kind\":\"none\"", "room_not_found")]
    [InlineData("\"kind\":\"\"", "forbidden")]
    [InlineData("\"kind\":\"../x\"", "forbidden")]
    [InlineData("\"kind\":\"\\u0000\"", "forbidden")]
    [InlineData("\"kind\":\"{0}\"", "invalid_message")]
    [InlineData("\"kind\":7", "invalid_message")]
    public async Task A_kind_that_is_none_reaches_no_lobby(string kind, string code)
    {
        var client = await ConnectAsync();
        foreach (var type in new[] { "room.join", "room.list", "match.join", "match.leave" })
        {
            Assert.Equal((type, code), (type, await AnswerAsync(client, $$"""{"type":"{{type}}",{{string.Format(System.Globalization.CultureInfo.InvariantCulture, kind, new string('k', 65))}},"id":1}""")));
        }

        Lobby.AssertIdle();
    }

    [Theory]
    [InlineData("room.join", ",\"match\":[]")]
    [InlineData("room.join", ",\"match\":{{\"a\":\"{0}\"}}")]
    [InlineData("room.join", ",\"code\":\"{0}\"")]
    [InlineData("room.join", ",\"data\":\"{0}\"")]
    [InlineData("room.list", ",\"limit\":301")]
    [InlineData("room.list", ",\"limit\":-1")]
    [InlineData("room.list", ",\"after\":\"{0}\"")]
    [InlineData("match.join", ",\"match\":{{\"a\":\"{0}\"}}")]
    public async Task What_is_too_long_or_no_filter_is_invalid(string type, string rest)
    {
        var client = await ConnectAsync();
        var text = string.Format(System.Globalization.CultureInfo.InvariantCulture, rest, new string('x', 4096));
        Assert.Equal("invalid_message", await AnswerAsync(client, $$"""{"type":"{{type}}","kind":"race"{{text}},"id":1}"""));
        Lobby.AssertIdle();
    }

    [Fact]
    public async Task A_list_is_of_one_kind_or_of_all_that_may_be_joined()
    {
        var client = await ConnectAsync();
        await client.SendAsync("""{"type":"room.list","kind":"race","match":{"a":1},"limit":5,"after":"race-x","id":1}""");
        var request = await Lobby.NextAsync("list");
        Assert.Equal(("race", 5, "race-x", """{"a":1}"""), (request.Kind, request.Limit, request.After, Text(request.Match)));
        Answer(request, new LobbyAnswer(request.Number, ErrorCode.None)
        {
            Rooms = [new RoomListEntry(Race, "race", 1, 2, 0, false, new Dictionary<string, string> { ["map"] = "ice" })],
            After = Race,
        });
        Assert.Equal(
            $$$"""{"type":"room.list","id":1,"rooms":[{"room":"{{{Race}}}","kind":"race","players":1,"maxPlayers":2,"spectators":0,"locked":false,"metadata":{"map":"ice"}}],"after":"{{{Race}}}"}""",
            await client.ReadAsync(Cancellation));

        await client.SendAsync("""{"type":"room.list","id":2}""");
        request = await Lobby.NextAsync("list");
        Assert.Equal(("", Broker.Node.Connections.LobbyRequests.DefaultLimit, null), (request.Kind, request.Limit, request.After));
        Assert.Equal(["go", "race", "tick"], request.Kinds);
        Answer(request, new LobbyAnswer(request.Number, ErrorCode.None));
        Assert.Equal("""{"type":"room.list","id":2,"rooms":[]}""", await client.ReadAsync(Cancellation));

        var stranger = await ConnectAsync(new RightsOptions());
        Assert.Equal("forbidden", await AnswerAsync(stranger, """{"type":"room.list","id":1}"""));
    }

    [Fact]
    public async Task A_match_is_waited_for_and_found()
    {
        var client = await ConnectAsync();
        await client.SendAsync("""{"type":"match.join","kind":"race","match":{"map":"ice"},"id":1}""");
        var request = await Lobby.NextAsync("wait");
        Assert.Equal(("race", true, """{"map":"ice"}"""), (request.Kind, request.MayCreate, Text(request.Match)));
        await Eventually.IsTrueAsync(() => client.InFlight == 0, "the batch is held");

        Answer(request, new LobbyAnswer(request.Number, ErrorCode.None) { IsWaiting = true });
        Assert.Equal("""{"type":"match.waiting","id":1,"kind":"race"}""", await client.ReadAsync(Cancellation));
        Assert.Equal("""{"type":"match.waiting","id":2,"kind":"race"}""", await AnswerAsync(client, """{"type":"match.join","kind":"race","id":2}"""));
        Answer(request, new LobbyAnswer(request.Number, ErrorCode.None) { Room = Race, Token = "t" });
        Assert.Equal($$"""{"type":"match.found","kind":"race","room":"{{Race}}","token":"t"}""", await client.ReadAsync(Cancellation));

        // It is over: the next one waits anew.
        await client.SendAsync("""{"type":"match.join","kind":"race","id":3}""");
        await Lobby.NextAsync("wait");
    }

    [Fact]
    public async Task Who_leaves_the_queue_is_found_no_match()
    {
        var client = await ConnectAsync();
        await client.SendAsync("""{"type":"match.join","kind":"race","id":1}""");
        var request = await Lobby.NextAsync("wait");
        Assert.Equal("""{"type":"result","id":2,"data":null}""", await AnswerAsync(client, """{"type":"match.leave","kind":"race","id":2}"""));
        Assert.Equal((client.Id, "race"), await Lobby.ForgottenAsync());

        Answer(request, new LobbyAnswer(request.Number, ErrorCode.None) { Room = Race, Token = "t" });
        Assert.Equal("""{"type":"result","id":3,"data":null}""", await AnswerAsync(client, """{"type":"match.leave","kind":"race","id":3}"""));
    }

    [Fact]
    public async Task The_lobby_forgets_a_connection_that_has_ended()
    {
        var client = await ConnectAsync();
        await client.SendAsync("""{"type":"match.join","kind":"race","id":1}""");
        await Lobby.NextAsync("wait");
        client.Abort();
        Assert.Equal((client.Id, ""), await Lobby.ForgottenAsync());
    }

    [Fact]
    public async Task A_place_in_the_queue_ends_with_the_right_to_join()
    {
        var client = await ConnectAsync(user: "ann");
        await client.SendAsync("""{"type":"match.join","kind":"race","id":1}""");
        await Lobby.NextAsync("wait");
        Changes.Set("ann", new RightsChange(DateTimeOffset.MaxValue, new RightsOptions { Rooms = new RoomRightsOptions { Join = ["go"] } }));

        Assert.Equal("""{"type":"error","id":1,"code":"forbidden","error":"Not allowed"}""", await client.ReadAsync(Cancellation));
        Assert.Equal((client.Id, "race"), await Lobby.ForgottenAsync());
    }

    [Fact]
    public async Task Skill_is_not_there_yet() =>
        Assert.Equal("unsupported", await AnswerAsync(await ConnectAsync(), """{"type":"match.join","kind":"race","skill":1500,"id":1}"""));

    [Fact]
    public void Filters_and_options_in_MessagePack_reach_the_lobby_as_JSON()
    {
        Assert.Equal("""{"map":"ice","n":[1,2.5]}""", Text(RoomFields.ToJson(MessagePackSamples.Encode("""{"map":"ice","n":[1,2.5]}"""), WireFormat.MessagePack)));
        Assert.True(RoomFields.ToJson(default, WireFormat.MessagePack).IsEmpty);
    }

    [Fact]
    public void Levels_of_player_data_are_counted_in_both_formats()
    {
        foreach (var (levels, isGood) in new[] { (0, true), (61, true), (62, false) })
        {
            var json = levels == 0 ? "1" : WireSamples.Nested(levels);
            Assert.Equal(isGood, RoomFields.IsPlayerData(Encoding.UTF8.GetBytes(json), WireFormat.Json));
            Assert.Equal(isGood, RoomFields.IsPlayerData(MessagePackSamples.Encode(json), WireFormat.MessagePack));
        }
    }

    private static void Answer(LobbyRequest request, LobbyAnswer answer) => request.Actor.Tell(answer, ActorRefs.NoSender);

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
