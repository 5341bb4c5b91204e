using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Broker.Bench.EndToEnd;

/// <summary>
/// A node of three is killed with all its clients, who come back to the other two with <c>recover</c> while publishes go on: how many have
/// recovered, how long it takes until the last one is subscribed again, and whether any offset is missing or comes twice.
/// </summary>
/// <param name="bench">Where the programs are.</param>
/// <param name="clients">Of the node that is killed, over <see cref="Topics"/> topics.</param>
/// <param name="output">Gets the figures.</param>
internal sealed class ReturnRun(Workbench bench, int clients, TextWriter output)
{
    private const int Topics = 100;

    /// <summary>Openings under way at once: a crowd of people, not a flood.</summary>
    private const int Opening = 200;

    private static readonly TimeSpan Before = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Channel<bool> _opening = Channel.CreateBounded<bool>(Opening);
    private readonly ConcurrentBag<TimeSpan> _back = [];
    private readonly ConcurrentQueue<string> _faults = new();
    private int _recovered;
    private int _notRecovered;
    private int _subscribed;
    private long _killed;

    /// <returns>The exit code: 0 where everybody is back, and no offset is missing or came twice.</returns>
    public async Task<int> ExecuteAsync(CancellationToken cancellation)
    {
        await using var setting = new Setting(bench, new PortRange(), new Scenario("RETURN", "", new Load(1)) { Nodes = 3 });
        await BrokerPeer.Json().StartAsync(setting, cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Uri[] urls = [.. setting.Urls.Select(static url => new Uri(url))];
        var crowd = Enumerable.Range(0, clients).Select(i => Task.Run(() => LiveAsync(i, urls, stop.Token), CancellationToken.None)).ToList();
        while (Volatile.Read(ref _subscribed) < clients)
        {
            await Task.Delay(100, cancellation);
        }

        var publishing = PublishAsync(urls[1], stop.Token);
        await Task.Delay(Before, cancellation);
        _killed = Stopwatch.GetTimestamp();
        await setting.Programs[0].KillAsync();
        while (_back.Count < clients && Stopwatch.GetElapsedTime(_killed) < Longest)
        {
            await Task.Delay(100, cancellation);
        }

        // What was published meanwhile is read, too.
        await Task.Delay(Before, cancellation);
        await stop.CancelAsync();
        await Task.WhenAll(crowd);
        var published = await publishing;
        var times = _back.Order().ToList();
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{clients} clients of the node that was killed: back {times.Count}, recovered {_recovered}, told that not {_notRecovered}; after the kill: first {times[0].TotalSeconds:0.0} s, median {times[times.Count / 2].TotalSeconds:0.0} s, last {times[^1].TotalSeconds:0.0} s; {published} publishes acknowledged; offsets missing or twice: {_faults.Count}"));
        foreach (var fault in _faults.Take(5))
        {
            await output.WriteLineAsync(fault);
        }

        return times.Count == clients && _faults.IsEmpty ? 0 : 1;
    }

    private static string Topic(int i) => string.Create(CultureInfo.InvariantCulture, $"seq.{i % Topics}");

    private async Task LiveAsync(int index, Uri[] urls, CancellationToken stop)
    {
        var topic = Topic(index);
        var (epoch, offset, attempt) = ((string?)null, 0L, 0);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var url = epoch is null ? urls[0] : urls[Random.Shared.Next(urls.Length)];
                using var client = await OpenAsync(url, stop);
                attempt = 0;
                object subscribe = epoch is null ? new { type = "subscribe", id = 1, topic } : new { type = "subscribe", id = 1, topic, recover = new { epoch, offset } };
                await client.SendAsync(subscribe, stop);
                while (await client.ReadAsync(stop) is { } message)
                {
                    switch (message.GetProperty("type").GetString())
                    {
                        case "error":
                            // Nobody owns the topic at the moment.
                            await Task.Delay(TimeSpan.FromMilliseconds(message.GetProperty("retryAfter").GetInt64() * (0.5 + Random.Shared.NextDouble())), stop);
                            await client.SendAsync(subscribe, stop);
                            break;
                        case "subscribed":
                            OnSubscribed(message, ref epoch, ref offset);
                            break;
                        case "message" when message.GetProperty("offset").GetInt64() is var next:
                            if (next != offset + 1)
                            {
                                _faults.Enqueue($"{index} on {topic}: {next} after {offset}");
                            }

                            offset = next;
                            break;
                        case "gap":
                            (epoch, offset) = (message.GetProperty("epoch").GetString(), message.GetProperty("offset").GetInt64());
                            break;
                    }
                }
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException)
            {
                // The node has gone, or everything ends.
            }

            if (!stop.IsCancellationRequested)
            {
                // docs/PROTOCOL.md: a random time that doubles up to a bound.
                var longest = Math.Min(5, 0.5 * Math.Pow(2, attempt++));
                await Task.Delay(TimeSpan.FromSeconds(Random.Shared.NextDouble() * longest), CancellationToken.None);
            }
        }
    }

    private void OnSubscribed(JsonElement message, ref string? epoch, ref long offset)
    {
        if (epoch is null)
        {
            Interlocked.Increment(ref _subscribed);
            (epoch, offset) = (message.GetProperty("epoch").GetString(), message.GetProperty("offset").GetInt64());
            return;
        }

        _back.Add(Stopwatch.GetElapsedTime(_killed));
        if (message.GetProperty("recovered").GetBoolean())
        {
            Interlocked.Increment(ref _recovered);
        }
        else
        {
            Interlocked.Increment(ref _notRecovered);
            (epoch, offset) = (message.GetProperty("epoch").GetString(), message.GetProperty("offset").GetInt64());
        }
    }

    private async Task<BenchClient> OpenAsync(Uri url, CancellationToken stop)
    {
        await _opening.Writer.WriteAsync(true, stop);
        try
        {
            return await BenchClient.ConnectAsync(url, token: null, stop);
        }
        finally
        {
            _opening.Reader.TryRead(out _);
        }
    }

    /// <summary>One message a second on each topic, acknowledged or tried again.</summary>
    private static async Task<int> PublishAsync(Uri url, CancellationToken stop)
    {
        var acknowledged = 0;
        using var client = await BenchClient.ConnectAsync(url, token: null, stop);
        try
        {
            for (var n = 0; !stop.IsCancellationRequested; n++)
            {
                await client.SendAsync(new { type = "publish", id = n, topic = Topic(n), data = "x", echo = false }, stop);
                if ((await client.ReadAsync(stop))?.GetProperty("type").GetString() == "published")
                {
                    acknowledged++;
                }

                await Task.Delay(1000 / Topics, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // Everything ends.
        }

        return acknowledged;
    }
}
