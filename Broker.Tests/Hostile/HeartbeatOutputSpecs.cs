using System.Net.Sockets;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A client on a thin line, to which the ping comes behind all that was sent before it.</summary>
public sealed class HeartbeatOutputSpecs
{
    private const string Patient = """
        broker.limits { lag-time = 5m
          lag = 8m }
        broker.rate { messages = 1000
          burst = 1000 }

        """;

    [Fact]
    public async Task A_client_that_reads_lives_and_one_that_stops_is_told_1013()
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Patient, TokenForge.Clock());
        await using var reader = await node.ClientAsync();
        reader.Socket.ReceiveBufferSize = 4096;
        await reader.SendTextAsync("""{"type":"subscribe","topic":"thin"}""", Deadline.Cancel);
        await HostileNode.ReadAsync(reader, "subscribed");
        await using var publisher = await node.ClientAsync();
        for (var i = 0; i < 40; i++)
        {
            await publisher.SendTextAsync($$"""{"type":"publish","topic":"thin","id":{{i}},"data":"{{new string('x', 20_000)}}"}""", Deadline.Cancel);
            await HostileNode.ReadAsync(publisher, "published");
        }

        await HostileNode.LeaveAsync(publisher);
        await node.AdvanceAsync(TimeSpan.FromSeconds(25));
        for (var i = 0; i < 5; i++)
        {
            await ReadAsync(reader.Socket, 60_000);
            await node.AdvanceAsync(TimeSpan.FromSeconds(8));
            Assert.Equal(3, node.ConnectionActors());
        }

        await node.AdvanceAsync(TimeSpan.FromSeconds(8));
        await Eventually.IsTrueAsync(() => node.Metrics["broker.connections.closed 1013 slow consumer"] == 1, "it takes nothing any more");
        await node.AdvanceAsync(TimeSpan.FromSeconds(2));
        await node.IsUnharmedAsync();
    }

    private static async Task ReadAsync(Socket socket, int count)
    {
        var buffer = new byte[4096];
        for (var read = 0; read < count;)
        {
            var taken = await socket.ReceiveAsync(buffer, Deadline.Cancel);
            Assert.NotEqual(0, taken);
            read += taken;
        }
    }
}
