using System.Text.Json;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Node.Hosting;
using Broker.Tests.Contracts;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>What clients do with rooms, on one node and on three.</summary>
public sealed class RoomClusterSpecs(RoomNodes shared) : IClassFixture<RoomNodes>, IAsyncDisposable
{
    private readonly List<JsonClient> _clients = [];

    /// <summary>Long runs end by themselves.</summary>
    private static CancellationToken Cancel => Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1" ? TestContext.Current.CancellationToken : Deadline.Cancel;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task What_one_player_sends_all_others_get_in_order_whatever_their_nodes(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var players = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => ConnectAsync(nodes[i % count])));
        var room = await CreateAsync(players[0], "relay");
        foreach (var player in players[1..])
        {
            await JoinAsync(player, room);
        }

        for (var n = 0; n < 50; n++)
        {
            await players[n % 3].SendAsync(new { type = "room.send", room, name = "n", data = n }, Cancel);
            if (n % 3 == 2)
            {
                // One after the other: the room's order is that of its inputs.
                await AskAsync(players[2], "room.send", room, ("name", "round"), ("data", n));
            }
        }

        for (var i = 0; i < 3; i++)
        {
            var seen = new List<int>();
            while (seen.Count(static n => n >= 0) < 50 - Own(i))
            {
                var message = await ReadAsync(players[i], "room.event");
                if (message.GetProperty("name").GetString() == "n")
                {
                    seen.Add(message.GetProperty("data").GetInt32());
                }
            }

            foreach (var sender in Enumerable.Range(0, 3).Where(sender => sender != i))
            {
                var own = seen.Where(n => n % 3 == sender).ToList();
                Assert.Equal(own.Order(), own);
                Assert.Equal(Own(sender), own.Count);
            }
        }

        static int Own(int player) => Enumerable.Range(0, 50).Count(n => n % 3 == player);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Two_play_a_game_to_its_end_and_the_room_is_gone(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var (ann, bob) = (await ConnectAsync(nodes[0]), await ConnectAsync(nodes[^1]));
        var room = await CreateAsync(ann, "tictactoe");
        await JoinAsync(bob, room);
        var state = (await AskAsync(ann, "room.sync", room)).GetProperty("data");
        var (x, o) = state.GetProperty("turn").GetString() == "p1" ? (ann, bob) : (bob, ann);
        foreach (var (player, cell) in new[] { (x, 0), (o, 3), (x, 1), (o, 4), (x, 2) })
        {
            Assert.Equal("result", JsonClient.TypeOf(await AskAsync(player, "call", room, ("method", "move"), ("data", new { cell }))));
        }

        state = (await AskAsync(bob, "room.sync", room)).GetProperty("data");
        Assert.True(state.GetProperty("over").GetBoolean());
        Assert.Equal("left", (await AskAsync(ann, "room.leave", room)).GetProperty("reason").GetString());
        Assert.Equal("left", (await AskAsync(bob, "room.leave", room)).GetProperty("reason").GetString());
        var gone = await AskUntilAsync(ann, room, static answer => CodeOf(answer) == "room_not_found");
        Assert.Equal("room_not_found", CodeOf(gone));
    }

    [Fact]
    public async Task Newer_connection_takes_the_seat_and_the_older_is_told()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var (old, other) = (await ConnectAsync(nodes[0]), await ConnectAsync(nodes[1]));
        var joined = await AskAsync(old, "room.create", null, ("kind", "relay"));
        var room = joined.GetProperty("room").GetString()!;
        await JoinAsync(other, room);
        var young = await ConnectAsync(nodes[2]);
        var again = await JoinAsync(young, room, ("token", joined.GetProperty("token").GetString()!));
        Assert.Equal(joined.GetProperty("player").GetString(), again.GetProperty("player").GetString());
        Assert.Equal("replaced", (await ReadAsync(old, "room.left")).GetProperty("reason").GetString());
        Assert.Equal("forbidden", CodeOf(await AskAsync(old, "room.send", room, ("data", 1))));
        await AskAsync(young, "room.send", room, ("data", 2));
        Assert.Equal(2, (await ReadAsync(other, "room.event", static message => message.GetProperty("data").ValueKind == JsonValueKind.Number)).GetProperty("data").GetInt32());
    }

    [Fact]
    public async Task Who_lost_the_connection_comes_back_to_the_seat_by_its_token()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var (ann, bob) = (await ConnectAsync(nodes[0]), await ConnectAsync(nodes[1]));
        var joined = await AskAsync(ann, "room.create", null, ("kind", "relay"));
        var room = joined.GetProperty("room").GetString()!;
        await JoinAsync(bob, room);
        ann.Abort();
        Assert.Equal("p1", (await ReadAsync(bob, "room.player", static message => message.GetProperty("change").GetString() == "dropped")).GetProperty("player").GetString());
        var back = await ConnectAsync(nodes[2]);
        Assert.Equal("forbidden", CodeOf(await AskAsync(back, "room.join", room, ("token", new string('0', 32)))));
        Assert.Equal("p1", (await JoinAsync(back, room, ("token", joined.GetProperty("token").GetString()!))).GetProperty("player").GetString());
        await ReadAsync(bob, "room.player", static message => message.GetProperty("change").GetString() == "returned");
    }

    [Fact]
    public async Task Nobody_acts_in_a_room_without_a_seat_in_it()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var (ann, eve) = (await ConnectAsync(nodes[0]), await ConnectAsync(nodes[1]));
        var room = await CreateAsync(ann, "relay");
        await CreateAsync(eve, "relay");
        foreach (var type in new[] { "room.send", "room.sync", "call" })
        {
            Assert.Equal("forbidden", CodeOf(await AskAsync(eve, type, room, ("method", "set"), ("data", new { key = "a", value = 1 }))));
        }

        Assert.Equal("left", (await AskAsync(eve, "room.leave", room)).GetProperty("reason").GetString());
        await AskAsync(ann, "room.leave", room);
        Assert.Equal("forbidden", CodeOf(await AskAsync(ann, "room.send", room, ("data", 1))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Rooms_of_a_kind_are_a_topic_that_clients_watch(int count)
    {
        var nodes = await shared.StartAsync(count, Cancel);
        var (ann, bob, watcher) = (await ConnectAsync(nodes[0]), await ConnectAsync(nodes[^1]), await ConnectAsync(nodes[count / 2]));
        var first = await CreateAsync(ann, "relay");
        await watcher.SubscribeAsync("$rooms.relay", Cancel);
        await RowAsync(watcher, first, players: 1);
        var second = await CreateAsync(ann, "relay");
        await RowAsync(watcher, second, players: 1);
        await JoinAsync(bob, second);
        var row = await RowAsync(watcher, second, players: 2);
        Assert.Equal(("relay", second, 16, false), (row.GetProperty("kind").GetString(), row.GetProperty("room").GetString(), row.GetProperty("maxPlayers").GetInt32(), row.GetProperty("locked").GetBoolean()));
        await AskAsync(ann, "room.leave", second);
        await AskAsync(bob, "room.leave", second);
        await ReadAsync(watcher, "message", message => message.GetProperty("entry").GetString() == second && message.TryGetProperty("removed", out _));

        var kept = await AskAsync(bob, "history", null, ("topic", "$rooms.relay"), ("limit", 300));
        Assert.Contains(first, kept.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("entry").GetString()));
        Assert.DoesNotContain(second, kept.GetProperty("messages").EnumerateArray().Select(static message => message.GetProperty("entry").GetString()));
        Assert.Equal("forbidden", CodeOf(await AskAsync(bob, "publish", null, ("topic", "$rooms.relay"), ("entry", first), ("data", 1))));

        static async Task<JsonElement> RowAsync(JsonClient watcher, string room, int players) =>
            (await ReadAsync(watcher, "message", message => message.GetProperty("entry").GetString() == room && message.GetProperty("data").GetProperty("players").GetInt32() == players)).GetProperty("data");
    }

    [Fact]
    public async Task Node_makes_no_more_rooms_than_it_may()
    {
        await using var node = await InProcessNode.StartAsync("""
            include "built-in/broker.conf"
            broker.rooms.max = 2
            """, Cancel);
        var client = await ConnectAsync(node);
        var room = await CreateAsync(client, "relay");
        await CreateAsync(client, "relay");
        Assert.Equal("limit_exceeded", CodeOf(await AskAsync(client, "room.create", null, ("kind", "relay"))));
        await AskAsync(client, "room.leave", room);
        JsonElement answer;
        do
        {
            // A room ends a moment after the last answer to those who leave.
            answer = await AskAsync(client, "room.create", null, ("kind", "relay"));
        }
        while (CodeOf(answer) == "limit_exceeded");

        Assert.Equal("room.joined", JsonClient.TypeOf(answer));
    }

    [Fact]
    public async Task Kinds_that_the_configuration_names_are_loaded_from_their_assemblies()
    {
        var assembly = typeof(MyGame.RaceRoom).Assembly.Location.Replace('\\', '/');
        await using var node = await InProcessNode.StartAsync($$"""
            include "built-in/broker.conf"
            broker.rooms.kinds = [{ name = "loaded", assembly = "{{assembly}}", type = "MyGame.RaceRoom" }]
            """, Cancel);
        var joined = await AskAsync(await ConnectAsync(node), "room.create", null, ("kind", "loaded"));
        Assert.Equal(20_000, joined.GetProperty("grace").GetInt32());
    }

    [Theory]
    [InlineData("", "x", "broker.rooms.kinds.0: ")]
    [InlineData("/nowhere/Race.dll", "x", "/nowhere/Race.dll")]
    [InlineData("Broker.Tests.dll", "Nothing", "has no class Nothing")]
    [InlineData("Broker.Tests.dll", "Broker.Tests.Cluster.RoomNodes", "must be a Room")]
    public void Kind_that_cannot_be_loaded_stops_the_start(string file, string type, string why)
    {
        var path = file.Length > 0 && file[0] != '/' ? Path.Combine(AppContext.BaseDirectory, file) : file;
        var entry = new RoomKindOptions { Name = "race", Assembly = path, Type = type };
        var error = Assert.Throws<ConfigurationException>(() => RoomAssemblies.Add(new Broker.Rooms.RoomKinds(), [entry]));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    /// <summary>The first two have the hash that is its own negative; a region that takes its absolute value restarts over them for ever.</summary>
    [Theory]
    [InlineData("room-004g88t")]
    [InlineData("room-389cwma")]
    [InlineData("room-40dw86d")]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("$a")]
    [InlineData("%2F")]
    [InlineData("\0")]
    [InlineData("relay-00000000000000000000000000000000")]
    public async Task Names_that_are_no_rooms_harm_nothing(string name)
    {
        var nodes = await shared.StartAsync(1, Cancel);
        var client = await ConnectAsync(nodes[0]);
        foreach (var room in new[] { name, string.Concat(Enumerable.Repeat(name + "x", 512)) })
        {
            foreach (var type in new[] { "room.join", "room.sync", "room.send", "room.leave", "call" })
            {
                Assert.Equal(type == "room.leave" && name.StartsWith("relay-", StringComparison.Ordinal) && room == name ? "room.left" : "error", JsonClient.TypeOf(await AskAsync(client, type, room, ("method", "m"), ("data", 1))));
            }
        }

        await CreateAsync(client, "relay");
    }

    [Fact]
    public async Task Kind_of_the_application_runs_on_every_node_and_keeps_its_appointments()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var runners = await Task.WhenAll(nodes.Take(2).Select(ConnectAsync));
        var room = await CreateAsync(runners[0], "race");
        await JoinAsync(runners[1], room);
        Assert.Equal("not yet", (await AskAsync(runners[1], "call", room, ("method", "run"), ("data", 1))).GetProperty("reason").GetString());
        await ReadAsync(runners[0], "room.event", static message => message.GetProperty("name").GetString() == "start");
        Assert.Equal("the race is on", (await AskAsync(await ConnectAsync(nodes[2]), "room.join", room)).GetProperty("reason").GetString());
        Assert.Equal("result", JsonClient.TypeOf(await AskAsync(runners[1], "call", room, ("method", "run"), ("data", 1))));
    }

    [Fact]
    public async Task Joins_by_kind_fill_one_room_after_the_other()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var clients = await Task.WhenAll(Enumerable.Range(0, 21).Select(i => ConnectAsync(nodes[i % 3])));
        var joined = await Task.WhenAll(clients.Select(client => AskAsync(client, "room.join", null, ("kind", "tictactoe"), ("match", new { map = "one" }))));
        var seats = joined.Select(static answer => (Room: answer.GetProperty("room").GetString(), Player: answer.GetProperty("player").GetString())).ToList();
        Assert.Equal(21, seats.Distinct().Count());
        var rooms = seats.GroupBy(static seat => seat.Room).Select(static room => room.Count()).ToList();
        Assert.All(rooms, static players => Assert.InRange(players, 1, 2));
        Assert.Single(rooms, static players => players == 1);
    }

    [LongFact]
    public async Task Ten_thousand_joins_by_kind_and_filters_fill_every_room()
    {
        const int filters = 100;
        var nodes = await shared.StartAsync(3, Cancel);
        var clients = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => ConnectAsync(nodes[i % 3])));
        var begun = TimeProvider.System.GetTimestamp();
        var joined = await Task.WhenAll(clients.Select(async client =>
        {
            List<(int Map, string Room, string Player)> seats = [];
            for (var map = 0; map < filters; map++)
            {
                var answer = await AskAsync(client, "room.join", null, ("kind", "four"), ("match", new { map = $"{map}" }));
                Assert.True(JsonClient.TypeOf(answer) == "room.joined", answer.GetRawText());
                seats.Add((map, answer.GetProperty("room").GetString()!, answer.GetProperty("player").GetString()!));
            }

            return seats;
        }));
        var all = joined.SelectMany(static seats => seats).ToList();
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant($"{all.Count} joins in {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0.0} s"));
        Assert.Equal(clients.Length * filters, all.Distinct().Count());
        Assert.All(all.GroupBy(static seat => seat.Room), static room => Assert.Single(room.Select(static seat => seat.Map).Distinct()));
        Assert.All(all.GroupBy(static seat => seat.Map), static map => Assert.All(map.GroupBy(static seat => seat.Room), static room => Assert.Equal(4, room.Count())));
    }

    [LongFact]
    public async Task Player_who_reads_nothing_is_cut_and_holds_up_nobody()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var players = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => ConnectAsync(nodes[i % 3])));
        var room = await CreateAsync(players[0], "ticking");
        List<Task> playing = [ReadAsync(players[0])];
        foreach (var player in players[1..^1])
        {
            await JoinAsync(player, room);
            playing.Add(ReadAsync(player));
        }

        // The last one reads nothing from here on.
        await JoinAsync(players[^1], room);
        await Task.WhenAll(playing);
        TestContext.Current.TestOutputHelper!.WriteLine($"steps away at p99: {(await AskAsync(players[0], "call", room, ("method", "jitter"), ("data", 0))).GetProperty("data")} ms");

        static async Task ReadAsync(JsonClient player)
        {
            for (var last = 0L; ;)
            {
                var message = await player.ReceiveAsync(Cancel);
                if (JsonClient.TypeOf(message) == "room.player" && message.GetProperty("player").GetString() == "p100" && message.GetProperty("change").GetString() == "dropped")
                {
                    return;
                }

                if (JsonClient.TypeOf(message) == "room.event")
                {
                    var tick = message.GetProperty("data").GetProperty("tick").GetInt64();
                    Assert.True(last == 0 || tick == last + 1, $"{tick} came after {last}");
                    last = tick;
                }
            }
        }
    }

    [LongFact]
    public async Task A_hundred_thousand_rooms_come_and_go_and_leave_nothing()
    {
        var nodes = await shared.StartAsync(1, Cancel);
        var clients = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ConnectAsync(nodes[0])));
        await Task.WhenAll(clients.Select(static client => ComeAndGoAsync(client, 20)));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var begun = TimeProvider.System.GetTimestamp();
        var refused = (await Task.WhenAll(clients.Select(static client => ComeAndGoAsync(client, 1000)))).Sum();
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant($"100,000 rooms in {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0} s, {refused} refused at first; {kept >> 20} MiB more heap"));

        // What the node knows of topics has a bound (limits.topics), and these are among them until they are over it.
        Assert.InRange(kept, long.MinValue, 512L << 20);

        static async Task<int> ComeAndGoAsync(JsonClient client, int rooms)
        {
            var refused = 0;
            for (var i = 0; i < rooms; i++)
            {
                JsonElement joined;
                while (CodeOf(joined = await AskAsync(client, "room.create", null, ("kind", "relay"))) == "unavailable")
                {
                    refused++;
                    await Task.Delay(joined.GetProperty("retryAfter").GetInt32(), Cancel);
                }

                await AskAsync(client, "room.leave", joined.GetProperty("room").GetString()!);
            }

            return refused;
        }
    }

    [Fact]
    public async Task Room_whose_code_throws_goes_on_from_what_was_answered_and_harms_no_other()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var (ann, bob) = (await ConnectAsync(nodes[0]), await ConnectAsync(nodes[1]));
        var (room, other) = (await CreateAsync(ann, "faulty"), await CreateAsync(bob, "faulty"));
        Assert.Equal(1, (await AskAsync(ann, "call", room, ("method", "count"), ("data", 0))).GetProperty("data").GetInt32());
        Assert.Equal("internal", CodeOf(await AskAsync(ann, "call", room, ("method", "throw"), ("data", 0))));
        await ReadAsync(ann, "room.paused");
        Assert.Equal("result", JsonClient.TypeOf(await AskAsync(bob, "call", other, ("method", "count"), ("data", 0))));
        var restored = await ReadAsync(ann, "room.state");
        Assert.Equal(("restored", 1), (restored.GetProperty("reason").GetString(), restored.GetProperty("data").GetInt32()));
        Assert.Equal(2, (await AskAsync(ann, "call", room, ("method", "count"), ("data", 0))).GetProperty("data").GetInt32());
    }

    [Fact]
    public async Task Room_whose_code_does_not_come_back_holds_up_nobody_else()
    {
        var nodes = await shared.StartAsync(1, Cancel);
        var (ann, bob) = (await ConnectAsync(nodes[0]), await ConnectAsync(nodes[0]));
        var (room, other) = (await CreateAsync(ann, "faulty"), await CreateAsync(bob, "faulty"));
        var blocked = AskAsync(ann, "call", room, ("method", "block"), ("data", 0));
        for (var n = 1; n <= 3; n++)
        {
            Assert.Equal(n, (await AskAsync(bob, "call", other, ("method", "count"), ("data", 0))).GetProperty("data").GetInt32());
        }

        await bob.SubscribeAsync("a", Cancel);
        Assert.False(blocked.IsCompleted);
        FaultyRoom.Gate.Release();
        Assert.Equal("result", JsonClient.TypeOf(await blocked));
    }

    [LongFact]
    public async Task Room_whose_code_never_comes_back_has_failed_for_its_players()
    {
        await using var node = await InProcessNode.StartAsync(Cancel);
        var (ann, bob) = (await ConnectAsync(node), await ConnectAsync(node));
        var room = await CreateAsync(ann, "faulty");
        await JoinAsync(bob, room);
        await ann.SendAsync(new { type = "call", id = 99, room, method = "block", data = 0 }, Cancel);
        Assert.Equal("failed", (await ReadAsync(bob, "room.left")).GetProperty("reason").GetString());
        Assert.Equal("failed", (await ReadAsync(ann, "room.left")).GetProperty("reason").GetString());
        FaultyRoom.Gate.Release();
        Assert.Equal("room_not_found", CodeOf(await AskUntilAsync(bob, room, static answer => CodeOf(answer) == "room_not_found")));
    }

    [Fact]
    public async Task Clients_of_both_formats_share_a_room()
    {
        var nodes = await shared.StartAsync(3, Cancel);
        var ann = await ConnectAsync(nodes[0]);
        var room = await CreateAsync(ann, "relay");
        await using var bob = await FormatClient.ConnectAsync(nodes[1].WebSocket, FormatSample.MessagePack, Cancel);
        Assert.Contains("\"player\":\"p2\"", await bob.AskAsync($$"""{"type":"room.join","id":1,"room":"{{room}}"}""", Cancel), StringComparison.Ordinal);
        await AskAsync(ann, "call", room, ("method", "set"), ("data", new { key = "k", value = 1.5 }));
        await ReadAsync(bob, "\"value\":1.5");
        await bob.SendAsync($$"""{"type":"room.send","room":"{{room}}","data":[1,2]}""", Cancel);
        Assert.Equal("[1,2]", (await ReadAsync(ann, "room.event", static message => !message.TryGetProperty("name", out _))).GetProperty("data").GetRawText());
    }

    private static async Task ReadAsync(FormatClient client, string part)
    {
        while (await client.ReceiveAsync(Cancel) is { } message && !message.Contains(part, StringComparison.Ordinal))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }
    }

    private static string? CodeOf(JsonElement answer) => answer.TryGetProperty("code", out var code) ? code.GetString() : null;

    private static async Task<JsonElement> ReadAsync(JsonClient client, string type, Func<JsonElement, bool>? isWanted = null)
    {
        while (true)
        {
            var message = await client.ReceiveAsync(Cancel);
            if (JsonClient.TypeOf(message) == type && isWanted?.Invoke(message) != false)
            {
                return message;
            }
        }
    }

    private static async Task<JsonElement> JoinAsync(JsonClient client, string room, params (string Key, object Value)[] more)
    {
        var joined = await AskAsync(client, "room.join", room, more);
        Assert.Equal("room.joined", JsonClient.TypeOf(joined));
        return joined;
    }

    private static async Task<string> CreateAsync(JsonClient client, string kind)
    {
        var joined = await AskAsync(client, "room.create", null, ("kind", kind));
        Assert.True(JsonClient.TypeOf(joined) == "room.joined", joined.GetRawText());
        return joined.GetProperty("room").GetString()!;
    }

    private static Task<JsonElement> AskAsync(JsonClient client, string type, string? room, params (string Key, object Value)[] more)
    {
        var message = more.ToDictionary(static one => one.Key, static one => one.Value);
        message["type"] = type;
        if (room is not null)
        {
            message["room"] = room;
        }

        return client.RequestAsync(message, Cancel);
    }

    /// <summary>A room ends a moment after the last answer to those who leave.</summary>
    private static async Task<JsonElement> AskUntilAsync(JsonClient client, string room, Func<JsonElement, bool> isThere)
    {
        while (true)
        {
            var answer = await AskAsync(client, "room.join", room);
            if (isThere(answer))
            {
                return answer;
            }
        }
    }

    private async Task<JsonClient> ConnectAsync(InProcessNode node)
    {
        var client = await JsonClient.ConnectAsync(node.WebSocket, Cancel);
        _clients.Add(client);
        return client;
    }
}
