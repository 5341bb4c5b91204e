using Broker.Tests.Cluster.Faults;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Rooms that are played in without a break while their nodes stop, are killed or stand still: one room at a time, and nothing that was answered is lost.</summary>
public sealed class RoomChaosSpecs : ProcessClusterSpecs
{
    public RoomChaosSpecs() => Configure(RoomRun.Settings);

    [Fact]
    public async Task Every_call_is_answered_once_while_rooms_move()
    {
        var (run, nodes) = await StartRunAsync(rooms: 3, players: 3);
        await StopAsync(run, nodes, 2);
        await run.ProgressAsync();
        await run.CheckAsync();
        Report($"{run.Done} calls done, longest pause {run.Longest.TotalMilliseconds:0} ms");
    }

    [LongFact]
    public async Task Rooms_survive_the_death_of_their_nodes_time_and_again()
    {
        var (run, nodes) = await StartRunAsync(rooms: 6, players: 4);
        for (var round = 0; round < 6; round++)
        {
            await KillAsync(run, nodes, round % 3);
            await run.ProgressAsync();
            await AgainAsync(run, nodes, round % 3);
            await run.ProgressAsync();
        }

        await run.CheckAsync();
        Report($"6 kills: {run.Done} calls done, longest pause {run.Longest.TotalMilliseconds:0} ms");
    }

    [LongFact]
    public async Task Node_that_stood_still_for_half_a_minute_writes_over_nothing()
    {
        var (run, nodes) = await StartRunAsync(rooms: 6, players: 4);
        run.Leaves(nodes[2]);
        nodes[2].Signal(UnixSignal.Stop);
        var still = TimeSpan.FromSeconds(30);
        await Task.Delay(still, Cancellation);
        nodes[2].Signal(UnixSignal.Continue);
        Assert.Equal(1, await nodes[2].WaitForExitAsync(Cancellation));
        await run.ProgressAsync();
        await run.CheckAsync(still);
        Report($"30 s: {run.Done} calls done, longest pause {run.Longest.TotalMilliseconds:0} ms");
    }

    [LongFact]
    public async Task Thirty_restarts_of_the_coordinator_at_its_address_make_no_room_twice()
    {
        var (run, nodes) = await StartRunAsync(rooms: 6, players: 3);
        for (var round = 0; round < 30; round++)
        {
            // The oldest is that which was started first of those that are left.
            if (round % 2 == 0)
            {
                await StopAsync(run, nodes, round % 3);
            }
            else
            {
                await KillAsync(run, nodes, round % 3);
            }

            await AgainAsync(run, nodes, round % 3);
        }

        await run.ProgressAsync();
        await run.CheckAsync();
        Report($"30 restarts: {run.Done} calls done, longest pause {run.Longest.TotalMilliseconds:0} ms");
    }

    [LongFact]
    public async Task Rooms_move_to_nodes_that_come_and_off_nodes_that_go()
    {
        var (run, nodes) = await StartRunAsync(rooms: 12, players: 3);
        var more = await Task.WhenAll(StartAsync(nodes[0]), StartAsync(nodes[0]));
        Array.ForEach(more, run.Serves);

        // Those that the new nodes have the highest weight for.
        foreach (var room in run.Rooms)
        {
            if ((await RecordedRun.RolesAsync([.. nodes, .. more], $"$room.{room}", Cancellation))[0] is "n4" or "n5")
            {
                await run.SeenAsync(room, 2);
            }
        }

        await run.ProgressAsync();
        foreach (var node in more)
        {
            run.Leaves(node);
            node.Signal(UnixSignal.Terminate);
            Assert.Equal(0, await node.WaitForExitAsync(Cancellation));
        }

        await run.ProgressAsync();
        await run.CheckAsync();
        Assert.True(run.Longest < TimeSpan.FromSeconds(2), $"a pause of {run.Longest}");
        Report($"3 nodes, 5, 3: {run.Done} calls done, longest pause {run.Longest.TotalMilliseconds:0} ms");
    }

    [LongFact]
    public async Task Room_that_ignores_its_stop_holds_up_a_stop_for_no_longer_than_it_may()
    {
        var (run, nodes) = await StartRunAsync(rooms: 6, players: 2);
        var (blocker, watcher) = (await ConnectAsync(nodes[2]), await ConnectAsync(nodes[0]));
        var room = "";
        do
        {
            var joined = await blocker.RequestAsync(new() { ["type"] = "room.create", ["kind"] = "faulty" }, Cancellation);
            room = joined.GetProperty("room").GetString()!;
        }
        while ((await RecordedRun.RolesAsync(nodes, $"$room.{room}", Cancellation))[0] != "n3");

        await watcher.RequestAsync(new() { ["type"] = "room.join", ["room"] = room }, Cancellation);
        await blocker.SendAsync(new { type = "call", id = 0, room, method = "block", data = 0 }, Cancellation);
        run.Leaves(nodes[2]);
        nodes[2].Signal(UnixSignal.Terminate);
        var begun = TimeProvider.System.GetTimestamp();
        await nodes[2].WaitForExitAsync(Cancellation);
        var taken = TimeProvider.System.GetElapsedTime(begun);
        Assert.True(taken < TimeSpan.FromSeconds(60), $"stopped after {taken}");
        await run.ProgressAsync();
        await run.CheckAsync();
        Report($"stopped after {taken.TotalSeconds:0.0} s");
    }

    private async Task<(RoomRun Run, NodeProcess[] Nodes)> StartRunAsync(int rooms, int players)
    {
        var nodes = await StartThreeAsync();
        var run = new RoomRun(Cancellation);
        Array.ForEach(nodes, run.Serves);
        for (var i = 0; i < rooms; i++)
        {
            await run.BeginAsync(players);
        }

        return (run, nodes);
    }

    private async Task StopAsync(RoomRun run, NodeProcess[] nodes, int number)
    {
        run.Leaves(nodes[number]);
        nodes[number].Signal(UnixSignal.Terminate);
        Assert.Equal(0, await nodes[number].WaitForExitAsync(Cancellation));
    }

    private async Task KillAsync(RoomRun run, NodeProcess[] nodes, int number)
    {
        run.Leaves(nodes[number]);
        nodes[number].Signal(UnixSignal.Kill);
        await nodes[number].WaitForExitAsync(Cancellation);
    }

    private async Task AgainAsync(RoomRun run, NodeProcess[] nodes, int number)
    {
        nodes[number] = await StartAgainAsync(nodes[number], nodes[(number + 1) % 3]);
        run.Serves(nodes[number]);
    }
}
