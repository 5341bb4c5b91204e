using System.Text;
using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Ten times the permitted rate: what is taken is the bucket's, every message has its answer, and three seconds of it are abuse.</summary>
public sealed class RateSpecs
{
    private const int Rate = 60;
    private const int Burst = 120;
    private const int Steps = 30;
    private const int Step = Rate;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task Every_message_of_a_flood_is_taken_or_refused_and_after_3_s_it_is_abuse()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open, TokenForge.Clock());
        var before = node.Metrics.All;
        await using var socket = await node.ClientAsync();
        var (sent, taken, refused) = (0, 0, 0);
        for (var step = 0; step < Steps; step++)
        {
            var (accepted, limited, closed) = await FloodAsync(socket, sent);
            Assert.False(closed, $"closed in step {step}");
            sent += Step;
            taken += accepted;
            refused += limited;
            Assert.Equal(sent, taken + refused);
            await node.AdvanceAsync(Tick);
        }

        // Full at the start, and three seconds' worth less the last tick's.
        Assert.InRange(taken, Burst + (Rate * (Steps - 1) / 10) - 1, Burst + (Rate * (Steps - 1) / 10) + 1);
        var (_, _, end) = await FloodAsync(socket, sent);
        Assert.True(end, "three seconds at ten times the rate are abuse");
        await socket.DisposeAsync();
        await node.IsUnharmedAsync();
        var counts = node.Metrics.Since(before);
        Assert.Contains("broker.abuse rate = 1", counts);
        Assert.Contains("broker.connections.closed 1008 abuse = 1", counts);
        Assert.InRange(node.Metrics["broker.requests.refused rate_limited"], refused + 1, refused + Step);
    }

    [Fact]
    public async Task A_users_connections_share_one_bucket_and_another_user_has_its_own()
    {
        const string Config = TokenNode.Config + "\nbroker.rate.per = user\n";
        await using var node = await HostileNode.StartAsync(Config, TokenForge.Clock(), TokenNode.Token("canary"));
        var taken = new List<int>();
        var sockets = new List<RawWebSocket>();
        foreach (var user in new[] { "alice", "alice", "bob" })
        {
            sockets.Add(await node.ClientAsync(TokenNode.Token(user)));
            var accepted = 0;
            for (var i = 0; i < 3; i++)
            {
                var (some, _, closed) = await FloodAsync(sockets[^1], i * Step);
                Assert.False(closed);
                accepted += some;
            }

            taken.Add(accepted);
        }

        Assert.Equal([Burst, 0, Burst], taken);

        // What comes back is the user's too: half a second's worth, whoever asks first.
        await node.AdvanceAsync(TimeSpan.FromMilliseconds(500));
        Assert.Equal(Rate / 2, (await FloodAsync(sockets[1], 0)).Taken);
        Assert.Equal(0, (await FloodAsync(sockets[0], 0)).Taken);
        Assert.Equal(Rate / 2, (await FloodAsync(sockets[2], 0)).Taken);
        foreach (var socket in sockets)
        {
            await HostileNode.LeaveAsync(socket);
        }

        await node.IsUnharmedAsync();
    }

    /// <summary>Publishes, each under its number, and reads until each has its one answer.</summary>
    private static async Task<(int Taken, int Refused, bool Closed)> FloodAsync(RawWebSocket socket, int first)
    {
        byte[] flood = [.. Enumerable.Range(first, Step).SelectMany(static i => TestFrame.Build(1, Encoding.UTF8.GetBytes($$"""{"type":"publish","topic":"open.flood","data":1,"id":{{i}}}""")))];
        await socket.SendBytesAsync(flood, cancellation: Cancel);
        var (taken, refused) = (0, 0);
        var open = Enumerable.Range(first, Step).ToHashSet();
        while (open.Count > 0)
        {
            var frame = await socket.ReceiveUntilAsync(static frame => frame.Opcode != 9, Cancel);
            if (frame.IsClose || frame.IsEnd)
            {
                return (taken, refused, true);
            }

            var answer = JsonDocument.Parse(frame.Payload).RootElement;
            if (answer.GetProperty("type").GetString() == "disconnecting")
            {
                continue;
            }

            Assert.True(open.Remove(answer.GetProperty("id").GetInt32()), frame.Text);
            if (answer.GetProperty("type").GetString() == "published")
            {
                taken++;
            }
            else
            {
                Assert.Equal("rate_limited", answer.GetProperty("code").GetString());
                Assert.InRange(answer.GetProperty("retryAfter").GetInt32(), 1, 1000);
                refused++;
            }
        }

        return (taken, refused, false);
    }
}
