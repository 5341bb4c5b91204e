using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Tests.Conformance;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Too much of what alone would be allowed: the flood is refused and nobody else notices.</summary>
public sealed class FloodSpecs
{
    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task Five_thousand_slow_requests_are_each_gone_in_time_and_keep_nobody_out()
    {
        await using var node = await HostileNode.StartAsync();
        var before = node.Metrics.All;
        List<Task<TimeSpan>> slow = [];
        List<TimeSpan> logins = [];
        async Task AttackAsync()
        {
            using var waves = new PeriodicTimer(TimeSpan.FromMilliseconds(40));
            while (slow.Count < 5000 && await waves.WaitForNextTickAsync(Cancel))
            {
                for (var i = 0; i < 40; i++)
                {
                    slow.Add(TrickleAsync(node, new IPAddress([127, 0, 1, (byte)(1 + i)])));
                }
            }

            await Task.WhenAll(slow);
        }

        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var attack = AttackAsync();
        while (!attack.IsCompleted && await pace.WaitForNextTickAsync(Cancel))
        {
            var since = Stopwatch.GetTimestamp();
            await using var socket = await node.ClientAsync();
            logins.Add(Stopwatch.GetElapsedTime(since));
            await HostileNode.LeaveAsync(socket);
        }

        await attack;
        var longest = slow.Max(static life => life.Result);
        var slowestLogin = logins.Order().ElementAt(logins.Count * 99 / 100);
        TestContext.Current.TestOutputHelper!.WriteLine($"longest {longest}, {logins.Count} logins, p99 {slowestLogin}");
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(5.5));
        Assert.InRange(slowestLogin, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await node.IsUnharmedAsync();
        var counts = node.Metrics.All;
        Assert.Equal(5000, counts["broker.connections.refused handshakes"] + counts["broker.handshakes.refused timeout"]);
        Assert.Equal(2, node.Metrics.Since(before).Count);
    }

    [Fact]
    public async Task Connections_over_the_rate_are_answered_503_and_counted()
    {
        var time = TokenForge.Clock();
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.limits.accepts-per-second = 22\n", time);
        var statuses = new List<int>();
        for (var i = 0; i < 100; i++)
        {
            await using var socket = await node.DialAsync();
            await AskAsync(socket);
            statuses.Add(socket.Status);
            Assert.True(socket.Status == 101 || socket.Header("Retry-After") is not null);
        }

        // Two of the first second's are the canary's.
        Assert.Equal((20, 80), (statuses.Count(static status => status == 101), statuses.Count(static status => status == 503)));
        Assert.Equal(80, node.Metrics["broker.connections.refused rate"]);
        time.Advance(TimeSpan.FromSeconds(1));
        await using var next = await node.ClientAsync();
        await HostileNode.LeaveAsync(next);
        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Connections_over_the_limit_of_an_address_are_answered_429_and_others_are_served()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + "broker.limits.connections-per-address = 20\n");
        var crowd = new IPAddress([127, 0, 2, 1]);
        List<RawWebSocket> sockets = [];
        for (var i = 0; i < 25; i++)
        {
            var socket = await node.DialAsync(crowd);
            await AskAsync(socket);
            Assert.Equal(i < 20 ? 101 : 429, socket.Status);
            sockets.Add(socket);
        }

        Assert.Equal(5, node.Metrics["broker.connections.refused address"]);
        await using var other = await node.ClientAsync();
        await HostileNode.LeaveAsync(other);
        sockets[0].Abort();
        await Eventually.IsTrueAsync(() => node.Admission.Connections == 2 + 19, "a place is free");
        await using var last = await node.DialAsync(crowd);
        await AskAsync(last);
        Assert.Equal(101, last.Status);
        foreach (var socket in sockets.Append(last))
        {
            await socket.DisposeAsync();
        }

        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task Ten_thousand_pings_whose_pongs_nobody_reads_are_abuse()
    {
        await using var node = await HostileNode.StartAsync();
        await using var socket = await node.ClientAsync();
        byte[] pings = [.. Enumerable.Repeat(TestFrame.Build(9, new byte[125]), 10_000).SelectMany(static frame => frame)];
        await node.Canary.BesideAsync(HostileNode.SendUntilCutAsync(socket, [pings]));
        var pongs = 0;
        var last = await socket.ReceiveUntilAsync(
            frame =>
            {
                pongs += frame.Opcode == 10 ? 1 : 0;
                return frame.IsClose;
            },
            Cancel);
        Assert.Equal((1008, "abuse"), (last.CloseCode, last.CloseReason));

        // Twenty a second, two seconds' worth at once; a pong that still waits gives way to the next.
        Assert.InRange(pongs, 1, 60);
        Assert.Equal(1, node.Metrics["broker.abuse control_frames"]);
        await socket.DisposeAsync();
        await node.IsUnharmedAsync();
    }

    /// <summary>From one address, from twenty, and from a thousand, whose guesses alone are fewer than the throttle's.</summary>
    [Theory]
    [InlineData(1, 1000, 1000)]
    [InlineData(20, 50, 50)]
    [InlineData(1000, 2, 11)]
    public async Task Guessed_tokens_are_looked_at_ten_times_an_address_and_good_logins_go_on(int addresses, int few, int many)
    {
        const string Keys = $$"""
            broker.auth { keys = [{ algorithm = HS256
              secret = "{{TokenForge.Secret}}" }]
              default-rights { subscribe = [">"]
                publish = [">"] } }
            broker.limits.accepts-per-second = 100000

            """;
        var guesses = Exchange.Full ? many : few;
        var good = TokenForge.Hs256(TokenForge.Claims(("sub", "\"canary\""), ("exp", $"{TokenForge.Now + 80_000}")));
        await using var node = await HostileNode.StartAsync(Keys, TokenForge.Clock(), good);
        async ValueTask GuessAsync(int address, CancellationToken cancellation)
        {
            for (var i = 0; i < guesses; i++)
            {
                await using var socket = await node.DialAsync(new IPAddress([127, 0, (byte)(3 + (address / 250)), (byte)(1 + (address % 250))]));
                await socket.UpgradeAsync(RawWebSocket.UpgradeRequest("a", headers: [("Authorization", $"Bearer guess{i}")]), cancellation);
                Assert.Equal(i < 10 ? 401 : 429, socket.Status);
            }
        }

        var attack = Parallel.ForAsync(0, addresses, new ParallelOptions { MaxDegreeOfParallelism = 20, CancellationToken = Cancel }, GuessAsync);
        List<TimeSpan> logins = [];
        do
        {
            var since = Stopwatch.GetTimestamp();
            await using var login = await node.ClientAsync(good);
            logins.Add(Stopwatch.GetElapsedTime(since));
            await HostileNode.LeaveAsync(login);
        }
        while (!attack.IsCompleted);
        await attack;

        // What costs is a look at a token: its number is what the throttle leaves.
        var (looked, held) = (addresses * Math.Min(guesses, 10), addresses * Math.Max(guesses - 10, 0));
        Assert.Equal((looked, held), (node.Metrics["broker.tokens.refused invalid"], node.Metrics["broker.tokens.refused throttled"]));
        Assert.Equal((looked, held), (node.Metrics["broker.handshakes.refused token"], node.Metrics["broker.handshakes.refused throttled"]));
        var slowest = logins.Order().ElementAt(logins.Count * 99 / 100);
        TestContext.Current.TestOutputHelper!.WriteLine($"{logins.Count} logins, p99 {slowest.TotalMilliseconds:F1} ms");
        Assert.InRange(slowest, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
        await node.IsUnharmedAsync();
    }

    [Fact]
    public async Task The_twentieth_forbidden_answer_is_abuse_whatever_was_asked()
    {
        await using var node = await HostileNode.StartAsync();
        await using var socket = await node.ClientAsync();
        for (var i = 0; i < 20; i++)
        {
            await socket.SendTextAsync(i % 2 == 0 ? """{"type":"subscribe","topic":"$user"}""" : """{"type":"publish","topic":"$sys.x","data":1}""", Cancel);
            await HostileNode.ReadErrorAsync(socket, "forbidden");
        }

        await HostileNode.ReadAsync(socket, "disconnecting");
        await HostileNode.ClosesAsync(socket, 1008, "abuse");
        await node.IsUnharmedAsync();
        Assert.Equal((20, 1), (node.Metrics["broker.requests.refused forbidden"], node.Metrics["broker.abuse forbidden"]));
    }

    /// <summary>Asks for the upgrade; the refusal may have been sent before, and the connection closed.</summary>
    private static async Task AskAsync(RawWebSocket socket)
    {
        await HostileNode.SendUntilCutAsync(socket, [RawWebSocket.UpgradeRequest("a")]);
        await socket.ReadResponseAsync(Cancel);
    }

    /// <summary>One byte of a header a second, until the server has enough of it.</summary>
    /// <returns>How long the server kept it.</returns>
    private static async Task<TimeSpan> TrickleAsync(HostileNode node, IPAddress from)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(node.Broker.EndPoint!, Cancel);
        var since = Stopwatch.GetTimestamp();
        var head = Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\nX: aaaaaaaaa");
        var ended = EndAsync(socket);
        try
        {
            for (var i = 0; !ended.IsCompleted; i++)
            {
                await socket.SendAsync(head.AsMemory(i, 1), Cancel);
                await Task.WhenAny(ended, Task.Delay(TimeSpan.FromSeconds(1), Cancel));
            }
        }
        catch (SocketException)
        {
            // Cut while it sent.
        }

        await ended;
        return Stopwatch.GetElapsedTime(since);
    }

    private static async Task EndAsync(Socket socket)
    {
        var buffer = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, Cancel) > 0)
            {
                // 408, where it was not dropped for a newer one.
            }
        }
        catch (SocketException)
        {
            // Reset: gone as well.
        }
    }
}
