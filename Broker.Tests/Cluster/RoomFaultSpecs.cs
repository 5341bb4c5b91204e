using System.Diagnostics;
using System.Text.Json;
using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Rooms whose node ends: they go on elsewhere, and what was answered is there.</summary>
public sealed class RoomFaultSpecs : ProcessClusterSpecs
{
    [Fact]
    public async Task Room_goes_on_elsewhere_when_its_node_stops_and_nothing_is_lost()
    {
        var game = await StartGameAsync();
        Assert.True(await game.SetAsync(1));
        var stopping = Stopwatch.GetTimestamp();
        game.Owner.Signal(UnixSignal.Terminate);

        // Answered by the old one, sent away by it, or taken by the new one: each is answered once, and those that are done stay done.
        for (var n = 2; n <= 40; n++)
        {
            Assert.True(await game.SetAsync(n), $"set {n}");
        }

        await game.Owner.WaitForExitAsync(Cancellation);
        Assert.Equal(2, await game.GenerationAsync());
        Report($"40 calls answered {Stopwatch.GetElapsedTime(stopping).TotalMilliseconds:0} ms after the signal, the longest in {game.Longest.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task Room_of_a_killed_node_goes_on_from_what_was_answered()
    {
        var game = await StartGameAsync();
        for (var n = 1; n <= 3; n++)
        {
            Assert.True(await game.SetAsync(n));
        }

        game.Owner.Signal(UnixSignal.Kill);
        var killed = Stopwatch.GetTimestamp();
        var state = await game.RestoredAsync();
        Report($"restored {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:0} ms after the kill");
        Assert.Equal(2, state.GetProperty("generation").GetInt64());
        Assert.Equal(3, state.GetProperty("data").GetProperty("values").GetProperty("n").GetInt32());
        Assert.True(await game.SetAsync(4));
    }

    /// <summary>Three clients on three nodes in a room; those on nodes that do not run it play on.</summary>
    private async Task<Game> StartGameAsync()
    {
        var nodes = await StartThreeAsync();
        var clients = await Task.WhenAll(nodes.Select(ConnectAsync));
        var joined = await clients[0].RequestAsync(new() { ["type"] = "room.create", ["kind"] = "relay" }, Cancellation);
        var room = joined.GetProperty("room").GetString()!;
        foreach (var client in clients[1..])
        {
            Assert.Equal("room.joined", JsonClient.TypeOf(await client.RequestAsync(new() { ["type"] = "room.join", ["room"] = room }, Cancellation)));
        }

        var roles = await RecordedRun.RolesAsync(nodes, $"$room.{room}", Cancellation);
        var owner = int.Parse(roles[0][1..], System.Globalization.CultureInfo.InvariantCulture) - 1;
        return new Game(room, nodes[owner], clients[(owner + 1) % 3], clients[(owner + 2) % 3], Cancellation);
    }

    private sealed class Game(string room, NodeProcess owner, JsonClient player, JsonClient watcher, CancellationToken cancellation)
    {
        public NodeProcess Owner => owner;

        public TimeSpan Longest { get; private set; }

        /// <returns>Whether the room says that it is done; a room that is moving may be asked again.</returns>
        public async Task<bool> SetAsync(int value)
        {
            var begun = Stopwatch.GetTimestamp();
            var answer = await player.RequestAsync(new() { ["type"] = "call", ["room"] = room, ["method"] = "set", ["data"] = new { key = "n", value } }, cancellation);
            var taken = Stopwatch.GetElapsedTime(begun);
            Longest = taken > Longest ? taken : Longest;
            return JsonClient.TypeOf(answer) == "result";
        }

        public async Task<long> GenerationAsync() =>
            (await player.RequestAsync(new() { ["type"] = "room.sync", ["room"] = room }, cancellation)).GetProperty("generation").GetInt64();

        public async Task<JsonElement> RestoredAsync()
        {
            while (true)
            {
                var message = await watcher.ReceiveAsync(cancellation);
                if (JsonClient.TypeOf(message) == "room.state" && message.GetProperty("generation").GetInt64() > 1)
                {
                    return message;
                }
            }
        }
    }
}
