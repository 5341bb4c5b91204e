using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Broker.Bench.EndToEnd;

/// <summary>
/// A node of three ends, with the rooms that it runs: how long each of them stands still, as a player on another node sees it, who asks the room
/// something again as soon as it has answered. Clients stay connected.
/// </summary>
/// <param name="bench">Where the programs are.</param>
/// <param name="rooms">In the cluster; about a third of them are those of the node that ends.</param>
/// <param name="kills">The node is killed; else it is told to stop.</param>
/// <param name="output">Gets the figures.</param>
internal sealed class RoomsRun(Workbench bench, int rooms, bool kills, TextWriter output)
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(25);

    private readonly ConcurrentBag<(long Generation, TimeSpan Pause)> _seen = [];
    private readonly ConcurrentDictionary<string, int> _refused = new();
    private int _open;
    private long _answered;

    public async Task<int> ExecuteAsync(CancellationToken cancellation)
    {
        await using var setting = new Setting(bench, new PortRange(), new Scenario("ROOMS", "", new Load(1)) { Nodes = 3 });
        await BrokerPeer.Json().StartAsync(setting, cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Uri[] urls = [.. setting.Urls.Select(static url => new Uri(url))];
        var players = Enumerable.Range(0, rooms).Select(i => Task.Run(() => PlayAsync(urls[1 + (i % 2)], stop.Token), CancellationToken.None)).ToList();
        while (Volatile.Read(ref _open) < rooms)
        {
            await Task.Delay(100, cancellation);
        }

        await Task.Delay(Before, cancellation);
        if (kills)
        {
            await setting.Programs[0].KillAsync();
        }
        else
        {
            await ChildProgram.RunAsync("kill", ["-TERM", setting.Programs[0].Processes[0].ToString(CultureInfo.InvariantCulture)], cancellation);
        }

        await Task.Delay(After, cancellation);
        await stop.CancelAsync();
        await Task.WhenAll(players);
        var moved = _seen.Where(static room => room.Generation > 1).Select(static room => room.Pause.TotalMilliseconds).Order().ToList();
        var stayed = _seen.Where(static room => room.Generation == 1).Select(static room => room.Pause.TotalMilliseconds).Order().ToList();
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"node {(kills ? "killed" : "stopped")}: {moved.Count} rooms moved, longest pause of each: {Text(moved)}; the {stayed.Count} others: {Text(stayed)}; {_answered} calls answered, {string.Join(", ", _refused.Select(static one => $"{one.Value} {one.Key}"))}"));
        return moved.Count + stayed.Count == rooms ? 0 : 1;
    }

    private static string Text(List<double> times) => times.Count == 0 ? "none"
        : string.Create(CultureInfo.InvariantCulture, $"median {times[times.Count / 2]:0} ms, p99 {times[(times.Count * 99) / 100]:0} ms, longest {times[^1]:0} ms");

    private async Task PlayAsync(Uri url, CancellationToken stop)
    {
        using var client = await BenchClient.ConnectAsync(url, token: null, stop);
        await client.SendAsync(new { type = "room.create", id = 0, kind = "relay" }, stop);
        var (room, longest, last, generation) = ("", TimeSpan.Zero, 0L, 1L);
        try
        {
            for (var id = 0L; await client.ReadAsync(stop) is { } message;)
            {
                switch (message.GetProperty("type").GetString())
                {
                    case "room.joined":
                        room = message.GetProperty("room").GetString()!;
                        Interlocked.Increment(ref _open);
                        break;
                    case "room.state":
                        generation = message.GetProperty("generation").GetInt64();
                        continue;
                    case "result":
                        longest = last == 0 ? longest : new TimeSpan(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(last).Ticks));
                        Interlocked.Increment(ref _answered);
                        break;
                    case "error":
                        _refused.AddOrUpdate(message.GetProperty("code").GetString()!, 1, static (_, count) => count + 1);
                        await Task.Delay(20, stop);
                        await AskAsync(++id);
                        continue;
                    default:
                        continue;
                }

                last = Stopwatch.GetTimestamp();
                await AskAsync(++id);
            }

            Task AskAsync(long id) => client.SendAsync(new { type = "call", id, room, method = "set", data = new { key = "n", value = id } }, stop);
        }
        catch (OperationCanceledException)
        {
            // Everything ends.
        }

        _seen.Add((generation, longest));
    }
}
