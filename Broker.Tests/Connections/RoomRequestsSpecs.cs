using System.Text;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Rooms;
using Broker.Tests.Support;
using Broker.Tests.Wire;

namespace Broker.Tests.Connections;

/// <summary>What clients ask of rooms by their ids becomes a command for the lane of the room's pushes, or an error.</summary>
public sealed class RoomRequestsSpecs : RoomSessions
{
    private const string Race = "race" + Random;

    [Fact]
    public async Task Create_makes_an_id_of_the_kind_and_asks_for_a_seat()
    {
        var client = await ConnectAsync(user: "ann");
        var command = await PostedAsync(client, """{"type":"room.create","kind":"race","options":{"laps": 3},"data":{"name":"zoë"},"id":"c"}""");
        var input = command.Input;

        Assert.StartsWith("race-", input.Room, StringComparison.Ordinal);
        Assert.Equal((RoomInputKind.Create, "race", "ann", client.Id, WireFormat.Json), (input.Kind, input.RoomKind, input.User, input.Connection, input.Format));
        Assert.Equal(("""{"laps": 3}""", """{"name":"zoë"}""", "c"), (Text(input.Options), Text(input.Data), input.Id.ToString()));
        Assert.Equal(TopicName.OfRoomPushes(input.Room), command.Subscription.Topic);
        Assert.Equal((SlowPolicy.Disconnect, client.Id), (command.Subscription.Slow, command.Subscription.Writer.ConnectionId));
        Assert.NotEqual(input.Room, (await PostedAsync(client, """{"type":"room.create","kind":"race"}""")).Input.Room);
    }

    [Fact]
    public async Task What_is_said_in_rooms_with_steps_has_a_rate_of_its_own()
    {
        var (client, _) = await SeatedAsync("tick" + Random);
        await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}"}""");
        var other = "tick-" + new string('a', 32);
        await PostedAsync(client, $$"""{"type":"room.join","room":"{{other}}"}""");

        // Two steps a second: four messages a second, twelve at once, in both rooms together.
        for (var n = 0; n < 12; n++)
        {
            await PostedAsync(client, $$"""{"type":"room.send","room":"{{(n % 2 == 0 ? "tick" + Random : other)}}","data":1}""");
        }

        Assert.Equal("rate_limited", await AnswerAsync(client, $$"""{"type":"room.send","room":"{{other}}","data":1,"id":1}"""));
        await PostedAsync(client, $$"""{"type":"room.send","room":"{{Race}}","data":1}""");
        await PostedAsync(client, $$"""{"type":"room.sync","room":"{{other}}"}""");
        Time.Advance(TimeSpan.FromMilliseconds(250));
        await PostedAsync(client, $$"""{"type":"room.send","room":"{{other}}","data":1}""");
    }

    [Fact]
    public async Task Who_is_in_a_room_with_steps_is_missed_sooner()
    {
        var (player, join) = await SeatedAsync("tick" + Random);
        await AnswerAsync(player, """{"type":"ping","id":0}""");
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("ping", await player.ReadAsync(Cancellation));
        await player.SendAsync("pong");
        await PostedAsync(player, $$"""{"type":"room.leave","room":"tick{{Random}}"}""");
        join.Connection.Tell(new RoomSeatEnded(join.Subscription), Akka.Actor.ActorRefs.NoSender);
        await AnswerAsync(player, """{"type":"ping","id":1}""");

        // As everybody else from here on.
        Time.Advance(TimeSpan.FromSeconds(6));
        Assert.StartsWith("{\"type\":\"pong\"", await AnswerAsync(player, """{"type":"ping","id":2}"""), StringComparison.Ordinal);
        await PostedAsync(player, $$"""{"type":"room.join","room":"tick{{Random}}"}""");
        Time.Advance(TimeSpan.FromSeconds(1));
        await AnswerAsync(player, """{"type":"ping","id":3}""");
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("ping", await player.ReadAsync(Cancellation));
        Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Null(await player.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task Transport_that_may_not_be_silent_for_long_is_not_after_a_room_either()
    {
        var player = await ConnectAsync(silence: TimeSpan.FromSeconds(15));
        var join = await PostedAsync(player, $$"""{"type":"room.join","room":"tick{{Random}}"}""");
        await PostedAsync(player, $$"""{"type":"room.leave","room":"tick{{Random}}"}""");
        join.Connection.Tell(new RoomSeatEnded(join.Subscription), Akka.Actor.ActorRefs.NoSender);
        await AnswerAsync(player, """{"type":"ping","id":1}""");
        Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal("ping", await player.ReadAsync(Cancellation));
    }

    [Fact]
    public async Task Join_carries_all_it_was_given()
    {
        var client = await ConnectAsync();
        var input = (await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}","token":"t","code":"c","as":"spectator","data":[1],"id":7}""")).Input;

        Assert.Equal((RoomInputKind.Join, Race, "t", "c", true, null), (input.Kind, input.Room, input.Token, input.Code, input.AsSpectator, input.User));
        Assert.Equal(("[1]", "7"), (Text(input.Data), input.Id.ToString()));
    }

    [Fact]
    public async Task All_requests_about_a_room_have_the_cursor_of_the_join()
    {
        var (client, join) = await SeatedAsync();
        foreach (var (request, kind) in new[]
        {
            ($$"""{"type":"room.send","room":"{{Race}}","data":{"x":1},"name":"shot","to":"p2","id":2}""", RoomInputKind.Send),
            ($$"""{"type":"call","room":"{{Race}}","method":"shot","data":{"x":1},"id":2}""", RoomInputKind.Call),
            ($$"""{"type":"room.sync","room":"{{Race}}","id":2}""", RoomInputKind.Sync),
            ($$"""{"type":"room.join","room":"{{Race}}","id":2}""", RoomInputKind.Join),
            ($$"""{"type":"room.leave","room":"{{Race}}","id":2}""", RoomInputKind.Leave),
        })
        {
            var command = await PostedAsync(client, request);
            Assert.Same(join.Subscription, command.Subscription);
            Assert.Equal((kind, Race, "2"), (command.Input.Kind, command.Input.Room, command.Input.Id.ToString()));
            var carries = kind is RoomInputKind.Send or RoomInputKind.Call;
            Assert.Equal((carries ? "shot" : "", carries ? """{"x":1}""" : ""), (command.Input.Name, Text(command.Input.Data)));
            Assert.Equal(kind == RoomInputKind.Send ? "p2" : null, command.Input.To);
        }
    }

    [Fact]
    public async Task What_waits_for_a_room_is_a_copy_and_holds_the_batch()
    {
        var client = await ConnectAsync();
        await client.SendAsync($$"""{"type":"room.join","room":"{{Race}}","data":"first","id":"first"}""");
        var join = await Lanes.RoomAsync();
        Assert.True(client.InFlight > 0);
        await PostedAsync(client, $$"""{"type":"room.join","room":"go{{Random}}","data":"other","id":"other"}""");

        join.Complete();
        await Eventually.IsTrueAsync(() => client.InFlight == 0, "the batch is held");
        Assert.Equal(("\"first\"", "first"), (Text(join.Input.Data), join.Input.Id.ToString()));
    }

    [Theory]
    [InlineData("room-004g88t")]
    [InlineData("room-389cwma")]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("\\u0000")]
    [InlineData("$a")]
    [InlineData("$play.race" + Random)]
    [InlineData("%2F")]
    [InlineData("race.a" + Random)]
    [InlineData("*" + Random)]
    [InlineData(null)]
    public async Task What_can_be_no_room_is_not_found(string? room)
    {
        room ??= new string('x', 10 * 1024);
        var client = await ConnectAsync();
        foreach (var rest in new[] { "\"type\":\"room.join\"", "\"type\":\"room.leave\"", "\"type\":\"room.sync\"", "\"type\":\"room.send\",\"data\":1", "\"type\":\"call\",\"method\":\"m\",\"data\":1" })
        {
            Assert.Equal("room_not_found", await AnswerAsync(client, $$"""{{{rest}},"room":"{{room}}","id":1}"""));
        }

        Lanes.AssertIdle();
    }

    [Theory]
    [InlineData("\"type\":\"room.create\"")]
    [InlineData("\"type\":\"room.create\",\"kind\":null")]
    [InlineData("\"type\":\"room.create\",\"kind\":\"race\",\"options\":[]")]
    [InlineData("\"type\":\"room.join\",\"room\":7")]
    [InlineData("\"type\":\"room.join\",\"room\":\"{0}\",\"as\":\"king\"")]
    [InlineData("\"type\":\"room.join\",\"room\":\"{0}\",\"token\":{{}}")]
    [InlineData("\"type\":\"room.join\",\"room\":\"{0}\",\"token\":\"{1}\"")]
    [InlineData("\"type\":\"room.join\",\"room\":\"{0}\",\"code\":\"{1}\"")]
    [InlineData("\"type\":\"room.create\",\"kind\":\"{1}\"")]
    [InlineData("\"type\":\"room.send\",\"room\":\"{0}\"")]
    [InlineData("\"type\":\"room.send\",\"room\":\"{0}\",\"data\":1,\"name\":\"{1}\"")]
    [InlineData("\"type\":\"room.send\",\"room\":\"{0}\",\"data\":1,\"to\":\"{1}\"")]
    [InlineData("\"type\":\"call\",\"room\":\"{0}\",\"data\":1")]
    [InlineData("\"type\":\"call\",\"room\":null,\"method\":\"m\",\"data\":1")]
    [InlineData("\"type\":\"call\",\"room\":\"{0}\",\"data\":1,\"method\":\"{1}\"")]
    [InlineData("\"type\":\"room.leave\"")]
    public async Task What_is_no_request_or_too_long_is_invalid(string request)
    {
        var (client, _) = await SeatedAsync();
        Assert.Equal("invalid_message", await AnswerAsync(client, "{" + string.Format(System.Globalization.CultureInfo.InvariantCulture, request, Race, new string('x', 65)) + ",\"id\":1}"));
        Lanes.AssertIdle();
    }

    [Fact]
    public async Task Lengths_are_counted_in_characters_and_the_longest_go_through()
    {
        var (client, _) = await SeatedAsync();
        var name = new string('é', 62) + "😀";
        var input = (await PostedAsync(client, $$"""{"type":"room.send","room":"{{Race}}","data":1,"name":"{{name}}","to":"{{name}}"}""")).Input;
        Assert.Equal((name, name), (input.Name, input.To));
    }

    [Fact]
    public async Task Data_has_the_bounds_of_rooms()
    {
        var (client, _) = await SeatedAsync();
        var (large, small) = (new string('x', RoomLimits.Data - 2), new string('x', RoomLimits.PlayerData - 2));
        Assert.Equal(RoomLimits.Data, (await PostedAsync(client, $$"""{"type":"room.send","room":"{{Race}}","data":"{{large}}"}""")).Input.Data.Length);
        Assert.Equal(RoomLimits.PlayerData, (await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}","data":"{{small}}"}""")).Input.Data.Length);
        Assert.Equal("invalid_message", await AnswerAsync(client, $$"""{"type":"room.send","room":"{{Race}}","data":"{{large}}x"}"""));
        Assert.Equal("invalid_message", await AnswerAsync(client, $$"""{"type":"call","room":"{{Race}}","method":"m","data":"{{large}}x"}"""));
        Assert.Equal("invalid_message", await AnswerAsync(client, $$"""{"type":"room.join","room":"{{Race}}","data":"{{small}}x"}"""));
        Assert.Equal("invalid_message", await AnswerAsync(client, $$"""{"type":"room.create","kind":"race","data":"{{small}}x"}"""));
        Assert.Equal("invalid_message", await AnswerAsync(client, $$$"""{"type":"room.create","kind":"race","options":{"a":"{{{large}}}"}}"""));
    }

    [Fact]
    public async Task What_a_player_says_about_itself_fits_into_the_list_of_players()
    {
        var client = await ConnectAsync();
        await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}","data":{{WireSamples.Nested(61)}}}""");
        Assert.Equal("invalid_message", await AnswerAsync(client, $$"""{"type":"room.join","room":"{{Race}}","data":{{WireSamples.Nested(62)}}}"""));
    }

    [Fact]
    public async Task Rights_to_create_and_to_join_are_two()
    {
        var rights = new RightsOptions
        {
            Rooms = new RoomRightsOptions { Create = ["race"], Join = ["*"] },
            Deny = new RightsOptions { Rooms = new RoomRightsOptions { Join = ["race"] } },
        };
        var client = await ConnectAsync(rights);

        Assert.Equal("forbidden", await AnswerAsync(client, """{"type":"room.create","kind":"go","id":1}"""));
        Assert.Equal("forbidden", await AnswerAsync(client, """{"type":"room.create","kind":"none","id":1}"""));
        Assert.Equal("forbidden", await AnswerAsync(client, $$"""{"type":"room.join","room":"{{Race}}","id":1}"""));
        Assert.Equal(RoomInputKind.Join, (await PostedAsync(client, $$"""{"type":"room.join","room":"go{{Random}}"}""")).Input.Kind);
        Assert.Equal(RoomInputKind.Create, (await PostedAsync(client, """{"type":"room.create","kind":"race"}""")).Input.Kind);

        // Whoever made a room comes back to it.
        Assert.Equal("t", (await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}","token":"t"}""")).Input.Token);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("ra.ce")]
    [InlineData("RACE")]
    public async Task A_kind_that_nodes_do_not_run_is_not_found(string kind) =>
        Assert.Equal("room_not_found", await AnswerAsync(await ConnectAsync(Everything with { Rooms = new RoomRightsOptions { Create = [">"] } }), $$"""{"type":"room.create","kind":"{{kind}}","id":1}"""));

    [Fact]
    public async Task Who_has_no_seat_is_refused_and_leaves_as_the_first_time()
    {
        var client = await ConnectAsync();
        Assert.Equal($$"""{"type":"room.left","id":1,"room":"{{Race}}","reason":"left"}""", await AnswerAsync(client, $$"""{"type":"room.leave","room":"{{Race}}","id":1}"""));

        // More often than abuse is: the seat may have ended before the client could know.
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal("forbidden", await AnswerAsync(client, $$"""{"type":"room.send","room":"{{Race}}","data":1}"""));
        }

        Assert.Equal("forbidden", await AnswerAsync(client, $$"""{"type":"room.sync","room":"{{Race}}"}"""));
        Assert.Equal("forbidden", await AnswerAsync(client, $$"""{"type":"call","room":"{{Race}}","method":"m","data":1}"""));
        Lanes.AssertIdle();
    }

    [Fact]
    public async Task A_seat_that_has_ended_is_forgotten_and_joined_anew_with_another_cursor()
    {
        var (client, join) = await SeatedAsync();
        join.Connection.Tell(new RoomSeatEnded(join.Subscription), Akka.Actor.ActorRefs.NoSender);
        Assert.Equal("forbidden", await AnswerAsync(client, $$"""{"type":"room.sync","room":"{{Race}}"}"""));

        var again = await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}"}""");
        Assert.NotSame(join.Subscription, again.Subscription);

        // Said of the old one once more: it is another.
        join.Connection.Tell(new RoomSeatEnded(join.Subscription), Akka.Actor.ActorRefs.NoSender);
        Assert.Same(again.Subscription, (await PostedAsync(client, $$"""{"type":"room.sync","room":"{{Race}}"}""")).Subscription);
    }

    [Fact]
    public async Task Nobody_joins_a_room_that_it_is_leaving()
    {
        var (client, join) = await SeatedAsync();
        await PostedAsync(client, $$"""{"type":"room.leave","room":"{{Race}}"}""");
        await client.SendAsync($$"""{"type":"room.join","room":"{{Race}}","id":2}""");
        Assert.Equal(
            """{"type":"error","id":2,"code":"unavailable","error":"Temporarily unavailable, nothing was done","retryAfter":1000}""", await client.ReadAsync(Cancellation));

        join.Connection.Tell(new RoomSeatEnded(join.Subscription), Akka.Actor.ActorRefs.NoSender);
        Assert.Equal(RoomInputKind.Join, (await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}"}""")).Input.Kind);
    }

    [Fact]
    public async Task A_connection_has_so_many_rooms_and_no_more()
    {
        var (client, join) = await SeatedAsync();
        await PostedAsync(client, """{"type":"room.create","kind":"race"}""");
        await PostedAsync(client, $$"""{"type":"room.join","room":"go{{Random}}"}""");

        Assert.Equal("limit_exceeded", await AnswerAsync(client, """{"type":"room.create","kind":"race","id":1}"""));
        Assert.Equal("limit_exceeded", await AnswerAsync(client, $$"""{"type":"room.join","room":"g{{Random}}","id":1}"""));
        Assert.Equal("limit_exceeded", await AnswerAsync(client, """{"type":"room.join","kind":"race","id":1}"""));
        Assert.Same(join.Subscription, (await PostedAsync(client, $$"""{"type":"room.join","room":"{{Race}}"}""")).Subscription);
        join.Connection.Tell(new RoomSeatEnded(join.Subscription), Akka.Actor.ActorRefs.NoSender);
        Assert.Equal(RoomInputKind.Create, (await PostedAsync(client, """{"type":"room.create","kind":"race"}""")).Input.Kind);
    }

    [Fact]
    public async Task Cursors_leave_with_the_connection()
    {
        var (client, join) = await SeatedAsync();
        client.Abort();
        Assert.Same(join.Subscription, await Lanes.LeftAsync());
    }

    [Fact]
    public async Task Seats_end_with_the_right_to_have_them()
    {
        var (client, join) = await SeatedAsync(user: "ann");
        await PostedAsync(client, $$"""{"type":"room.join","room":"go{{Random}}"}""");
        Changes.Set("ann", new RightsChange(DateTimeOffset.MaxValue, new RightsOptions { Rooms = new RoomRightsOptions { Join = ["go"] } }));

        var leave = await Lanes.RoomAsync();
        Assert.Same(join.Subscription, leave.Subscription);
        Assert.Equal((RoomInputKind.Leave, false), (leave.Input.Kind, leave.Input.Id.IsPresent));
        Assert.Equal(RoomInputKind.Sync, (await PostedAsync(client, $$"""{"type":"room.sync","room":"go{{Random}}"}""")).Input.Kind);
    }

    [Theory]
    [InlineData("""{"type":"call","method":"m","data":1,"id":1}""")]
    [InlineData("""{"type":"call","id":1}""")]
    [InlineData("""{"type":"call","room":"r","method":"m","data":1,"key":"k","id":1}""")]
    [InlineData("""{"type":"call","room":"r","method":"m","data":1,"timeout":5,"id":1}""")]
    [InlineData("""{"type":"room.input","room":"r","seq":1,"data":1,"id":1}""")]
    [InlineData("""{"type":"room.input","id":1}""")]
    public async Task What_rooms_have_not_yet_is_unsupported(string request) => Assert.Equal("unsupported", await AnswerAsync(await ConnectAsync(), request));

    [Fact]
    public async Task A_node_without_kinds_or_without_a_lobby_says_so()
    {
        var (bare, alone) = (await ConnectAsync(hasKinds: false), await ConnectAsync(hasLobby: false));
        foreach (var type in new[] { "room.create", "room.join", "room.leave", "room.send", "room.sync", "room.list", "match.join", "match.leave" })
        {
            Assert.Equal((type, "unsupported"), (type, await AnswerAsync(bare, $$"""{"type":"{{type}}","room":7,"kind":"race","id":1}""")));
        }

        foreach (var type in new[] { "room.join", "room.list", "match.join", "match.leave" })
        {
            Assert.Equal((type, "unsupported"), (type, await AnswerAsync(alone, $$"""{"type":"{{type}}","kind":"race","id":1}""")));
        }

        Assert.Equal(RoomInputKind.Join, (await PostedAsync(alone, $$"""{"type":"room.join","room":"{{Race}}","kind":"race"}""")).Input.Kind);
    }

    private static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);
}
