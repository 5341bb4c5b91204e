using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Broker.Node;
using Broker.Node.Auth;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Bench.EndToEnd;

/// <summary>
/// XU: the application on one of two nodes publishes a batch, a message to each of many users, of whom half are connected to the other
/// node; how long it takes until the last one has it. Nodes and clients are in this process: the application is where its node is.
/// </summary>
/// <param name="bench">Where the configuration is.</param>
/// <param name="users">Each with one connection.</param>
/// <param name="output">Gets the figures.</param>
internal sealed class UsersRun(Workbench bench, int users, TextWriter output)
{
    /// <summary>Until the methods on the way are compiled for good: before, half of the processors' time goes there.</summary>
    private const int Warmup = 400;
    private const int Rounds = 100;
    private const string Secret = "of this benchmark alone, and at least 32 bytes long";

    public async Task<int> ExecuteAsync(CancellationToken cancellation)
    {
        var ports = new PortRange();
        int[] open = [ports.Next(), ports.Next()];
        var seed = ports.Next();
        await using var first = await StartAsync(ports, open[0], seed, seed, cancellation);
        await using var second = await StartAsync(ports, open[1], ports.Next(), seed, cancellation);
        Uri[] urls = [.. open.Select(static port => new Uri(string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{port}/ws")))];
        var arrived = new CountdownEvent(1);
        var clients = new List<BenchClient>();
        var reading = new List<Task>();
        for (var i = 0; i < users; i++)
        {
            var client = await BenchClient.ConnectAsync(urls[i % 2], Token(i), cancellation);
            await client.ReadAsync(cancellation);
            clients.Add(client);
            reading.Add(ReadAsync(client));
        }

        var broker = first.Services.GetRequiredService<IBroker>();
        var (delivered, acknowledged) = (new List<double>(), new List<double>());
        for (var round = 0; round < Warmup + Rounds; round++)
        {
            arrived.Reset(users);
            var batch = Enumerable.Range(0, users).Select(i => new Publication { User = Name(i), Data = JsonSerializer.SerializeToUtf8Bytes(new string('x', 98)) }).ToList();
            var start = Stopwatch.GetTimestamp();
            var receipts = await broker.PublishAsync(batch, cancellation);
            var end = Stopwatch.GetElapsedTime(start);
            arrived.Wait(cancellation);
            if (round >= Warmup)
            {
                acknowledged.Add(end.TotalMilliseconds);
                delivered.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            if (receipts.Any(static receipt => receipt.Result != PublishResult.Published))
            {
                throw new BenchException("Not every publish was acknowledged.");
            }
        }

        await output.WriteLineAsync($"batch to {users} users on two nodes, last one delivered after: {Text(delivered)} (all acknowledged after {Text(acknowledged)})");
        clients.ForEach(static client => client.Dispose());
        await Task.WhenAll(reading).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return 0;

        async Task ReadAsync(BenchClient client)
        {
            while (await client.PassAsync(cancellation) > 0)
            {
                arrived.Signal();
            }
        }
    }

    private async Task<WebApplication> StartAsync(PortRange ports, int port, int cluster, int seed, CancellationToken cancellation)
    {
        var flags = new CommandLineOptions
        {
            Port = port,
            OpsPort = ports.Next(),
            ClusterPort = cluster,
            Seeds = [string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{seed}")],
        };
        var text = $$"""
            include "{{Path.Combine(bench.Source, "broker.conf")}}"
            broker.auth { anonymous = off
              keys = [{ algorithm = HS256
                secret = "{{Secret}}" }] }
            """;
        var file = Path.Combine(Directory.CreateTempSubdirectory("broker-bench-").FullName, "users.conf");
        await File.WriteAllTextAsync(file, text, cancellation);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.AddBroker(flags with { Config = file });
        var node = builder.Build();
        await node.StartAsync(cancellation);
        await node.Services.GetRequiredService<IBroker>().Ready.WaitAsync(cancellation);
        return node;
    }

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"user-{i}");

    private static string Token(int i) => TokenMinter.Mint(
        new AuthKeyOptions { Algorithm = "HS256", Secret = Secret }, Name(i), rights: null, TimeSpan.FromHours(1), DateTimeOffset.UtcNow, "broker", issuer: "", audience: "");

    private static string Text(List<double> times)
    {
        times.Sort();
        return string.Create(CultureInfo.InvariantCulture, $"median {times[times.Count / 2]:0.0} ms, p99 {times[(times.Count * 99) / 100]:0.0} ms, first {times[0]:0.0} ms");
    }
}
