using System.Diagnostics;
using System.Globalization;
using System.Text;
using Akka.Actor;
using Broker.Node;
using Broker.Node.Configuration;
using Broker.Node.Delivery;
using Broker.Node.Hosting;
using Broker.Node.Lanes;
using Broker.Node.Rooms;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Bench.EndToEnd;

/// <summary>
/// Rooms of 8 players with 20 steps a second and a push of 100 bytes in each (<see cref="StepsRoom"/>), on one node: how far steps are from where
/// they belong, and what it costs. Players are either in the node's process, as connections whose socket takes everything at once, or clients of this
/// process with sockets of their own.
/// </summary>
/// <param name="bench">Where the configuration is.</param>
/// <param name="output">Gets the figures.</param>
internal sealed class StepsRun(Workbench bench, TextWriter output)
{
    private const int Players = 8;
    private const string Kind = "steps";

    /// <summary>Beyond which steps come too late.</summary>
    private const double Bound = 10;

    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(20);

    /// <summary>All in this process.</summary>
    public async Task<int> InProcessAsync(int rooms, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var ports = new PortRange();
        builder.AddBroker(new CommandLineOptions { Port = ports.Next(), OpsPort = ports.Next(), ClusterPort = ports.Next(), Config = Path.Combine(bench.Source, "broker.conf") });
        builder.Services.AddBrokerRooms(static kinds => kinds.Add<StepsRoom>(Kind, StepsRoom.Configure));
        await using var app = builder.Build();
        await app.StartAsync(cancellation);
        await app.Services.GetRequiredService<IBroker>().Ready.WaitAsync(cancellation);
        var lanes = app.Services.GetRequiredService<LanesModule>().Inbox;
        var runs = app.Services.GetRequiredService<RoomRuns>();
        var sockets = new List<CountingSocket>();
        for (var room = 0; room < rooms; room++)
        {
            var id = RoomId.New(Kind);
            for (var player = 0; player < Players; player++)
            {
                sockets.Add(Sit(lanes, id, sockets.Count + 1, creates: player == 0));
            }

            while (runs.Count < room - 50)
            {
                await Task.Delay(10, cancellation);
            }
        }

        while (sockets.Exists(static socket => !socket.HasJoined))
        {
            await Task.Delay(100, cancellation);
        }

        using var process = Process.GetCurrentProcess();
        await MeasureAsync(rooms, process, () => Task.FromResult(StepsRoom.Take()), () => sockets.Sum(static socket => socket.Pushes), cancellation);
        await app.StopAsync(cancellation);
        return 0;
    }

    /// <summary>More and more rooms, until steps come too late.</summary>
    public async Task<int> BySocketsAsync(int step, CancellationToken cancellation)
    {
        await using var setting = new Setting(bench, new PortRange(), new Scenario("STEPS", "", new Load(1)));
        setting.Environment["BROKER__ROOMS__KINDS__0__NAME"] = Kind;
        setting.Environment["BROKER__ROOMS__KINDS__0__ASSEMBLY"] = typeof(StepsRoom).Assembly.Location;
        setting.Environment["BROKER__ROOMS__KINDS__0__TYPE"] = typeof(StepsRoom).FullName!;
        await BrokerPeer.Json().StartAsync(setting, cancellation);
        var url = new Uri(setting.Urls[0]);
        using var process = Process.GetProcessById(setting.Programs[0].Processes[0]);
        using var asking = await BenchClient.ConnectAsync(url, token: null, cancellation);
        var own = await CreateAsync(asking, cancellation);
        var clients = new List<BenchClient>();
        long pushes = 0;
        for (var rooms = 1; ; rooms += step)
        {
            await Task.WhenAll(Enumerable.Range(0, step).Select(_ => OpenAsync()));
            if (await MeasureAsync(rooms + step, process, AskAsync, () => Interlocked.Read(ref pushes), cancellation) > Bound)
            {
                break;
            }
        }

        clients.ForEach(static client => client.Dispose());
        return 0;

        async Task OpenAsync()
        {
            var room = "";
            for (var player = 0; player < Players; player++)
            {
                var client = await BenchClient.ConnectAsync(url, token: null, cancellation);
                lock (clients)
                {
                    clients.Add(client);
                }

                if (player == 0)
                {
                    room = await CreateAsync(client, cancellation);
                }
                else
                {
                    await client.SendAsync(new { type = "room.join", room, id = 1 }, cancellation);
                }

                _ = Task.Run(() => ReadAsync(client), cancellation);
            }
        }

        async Task ReadAsync(BenchClient client)
        {
            while (await client.PassAsync(cancellation) > 0)
            {
                Interlocked.Increment(ref pushes);
            }
        }

        async Task<string> AskAsync()
        {
            await asking.SendAsync(new { type = "call", room = own, id = 2, method = "jitter", data = 0 }, cancellation);
            while (await asking.ReadAsync(cancellation) is { } message)
            {
                if (message.GetProperty("type").GetString() == "result")
                {
                    return message.GetProperty("data").GetRawText();
                }
            }

            throw new BenchException("The node has closed the connection.");
        }
    }

    private static async Task<string> CreateAsync(BenchClient client, CancellationToken cancellation)
    {
        await client.SendAsync(new { type = "room.create", kind = Kind, id = 1 }, cancellation);
        return (await client.ReadAsync(cancellation))!.Value.GetProperty("room").GetString()!;
    }

    /// <returns>The 99th percentile, in milliseconds.</returns>
    private async Task<double> MeasureAsync(int rooms, Process process, Func<Task<string>> jitter, Func<long> pushes, CancellationToken cancellation)
    {
        await Task.Delay(Warmup, cancellation);
        await jitter();
        process.Refresh();
        var (cpu, before, start) = (process.TotalProcessorTime, pushes(), Stopwatch.GetTimestamp());
        await Task.Delay(Measured, cancellation);
        process.Refresh();
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var seen = System.Text.Json.JsonElement.Parse(Encoding.UTF8.GetBytes(await jitter()));
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{rooms} rooms: {seen.GetProperty("steps").GetInt64() / seconds:0} steps/s, {(pushes() - before) / seconds:0} pushes/s; steps away by median {Of("p50")} ms, p99 {Of("p99")} ms, worst {Of("worst")} ms; CPU {(process.TotalProcessorTime - cpu).TotalSeconds / seconds:0.00} cores, {process.WorkingSet64 >> 20} MiB"));
        return Of("p99");

        double Of(string name) => seen.GetProperty(name).GetDouble();
    }

    private static CountingSocket Sit(ILaneInbox lanes, string room, long connection, bool creates)
    {
        var socket = new CountingSocket();
        var writer = new ConnectionWriter(connection) { Framing = WebSocketFraming.Of(WireFormat.Json) };
        writer.Attach(socket, static () => throw new InvalidOperationException("The socket takes everything."));
        writer.TryPark();
        var topic = TopicName.OfRoomPushes(room);
        var cursor = new Subscription(writer, topic, TopicName.Hash(topic)) { Form = new PushForm(WireFormat.Json, false), IsOfRoom = true };
        var input = new RoomInput(creates ? RoomInputKind.Create : RoomInputKind.Join, room) { Connection = connection, RoomKind = creates ? Kind : "", Format = WireFormat.Json };
        lanes.Post(new RoomCommand(cursor, input, ActorRefs.Nobody));
        return socket;
    }

    /// <summary>Takes everything, and counts.</summary>
    private sealed class CountingSocket : IDirectTransport
    {
        public long Pushes { get; private set; }

        /// <summary>The first thing that comes is the seat.</summary>
        public bool HasJoined => Pushes > 0;

        public int TrySend(EgressChunk chunk)
        {
            Pushes++;
            return chunk.Length;
        }
    }
}
