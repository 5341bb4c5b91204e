using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>What a client that has not authenticated makes the node hold. The heap is the whole process's, so nothing runs beside these.</summary>
[Collection(Alone.Name)]
public sealed class HeldMemorySpecs
{
    private const int Clients = 1000;
    private const int Allowed = 16 * 1024;

    private const string Wide = """
        broker.limits { connections-per-address = 100000
          accepts-per-second = 100000
          handshakes = 100000 }

        """;

    private static CancellationToken Cancel => Deadline.Cancel;

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(8000)]
    public async Task Half_a_request_costs_16_KiB_and_its_bytes(int header)
    {
        await using var node = await HostileNode.StartAsync(HostileNode.Open + Wide, TokenForge.Clock());
        var half = Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\nHost: a\r\nX: " + new string('a', header));
        await HoldsAsync(node, Clients, Allowed + half.Length, () => MuteClient.DialAsync(new IPEndPoint(IPAddress.Loopback, node.Port), half, Cancel));
    }

    /// <summary>Who has been welcomed and says nothing, or half of the one message it may send.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(8 * 1024)]
    public async Task A_client_that_does_not_authenticate_costs_16_KiB_and_its_message(int half)
    {
        await using var node = await HostileNode.StartAsync(TokenNode.Config + "\n" + Wide, TokenForge.Clock(), TokenNode.Token("canary"));
        byte[] message = half == 0 ? [] : TestFrame.Build(1, Enumerable.Repeat((byte)'{', half).ToArray(), announced: 2 * (ulong)half, lengthBytes: 2);
        await HoldsAsync(node, Clients, Allowed + (2 * half), async () =>
        {
            var client = await MuteClient.UpgradeAsync(new IPEndPoint(IPAddress.Loopback, node.Port), Cancel);
            Assert.True(client.IsOpen);
            client.Forget();
            await client.SendAsync(message, Cancel);
            return client;
        });
    }

    /// <summary>What a client is on this side: here nobody accepts it.</summary>
    private static async Task<long> OwnShareAsync(int count)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(count);
        var before = HostileNode.Heap();
        var clients = new MuteClient[count];
        for (var i = 0; i < count; i++)
        {
            clients[i] = await MuteClient.DialAsync(listener.LocalEndpoint, "x"u8.ToArray(), Cancel);
        }

        var own = (HostileNode.Heap() - before) / count;
        Array.ForEach(clients, static client => client.Dispose());
        return own;
    }

    private static async Task HoldsAsync(HostileNode node, int count, int each, Func<Task<MuteClient>> connect)
    {
        // A first crowd fills the pools, whose arrays nobody holds.
        foreach (var first in await CrowdAsync(count / 5))
        {
            first.Dispose();
        }

        await Eventually.IsTrueAsync(() => node.Admission.Connections == 2, "the first have gone");
        var own = await OwnShareAsync(count);
        var before = await node.Canary.BetweenBeatsAsync(HostileNode.Heap);
        var crowd = await CrowdAsync(count);
        var held = ((await node.Canary.BetweenBeatsAsync(HostileNode.Heap) - before) / count) - own;
        TestContext.Current.TestOutputHelper!.WriteLine($"{held} bytes each of {each}, beside {own} of the test's own");
        Assert.InRange(held, 0, each);
        Array.ForEach(crowd, static client => client.Dispose());
        await node.IsUnharmedAsync();

        async Task<MuteClient[]> CrowdAsync(int size)
        {
            var clients = new MuteClient[size];
            await Parallel.ForAsync(0, size, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancel }, async (i, _) => clients[i] = await connect());
            await Eventually.IsTrueAsync(() => node.Admission.Connections == 2 + size, "all are there");
            await node.Canary.BeatAsync();
            return clients;
        }
    }
}
