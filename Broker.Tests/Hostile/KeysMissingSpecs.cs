using System.Net;
using System.Net.Sockets;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>A node that cannot have the keys it checks tokens with: new tokens wait, and those who are connected stay.</summary>
public sealed class KeysMissingSpecs
{
    private static CancellationToken Cancel => Deadline.Cancel;

    [Fact]
    public async Task Tokens_are_told_to_come_back_and_nobody_who_is_there_is_closed()
    {
        // Bound, and nobody listens: connecting is refused at once.
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var keys = $$"""
            broker.auth.keys = [{ algorithm = RS256
              jwks = "https://127.0.0.1:{{((IPEndPoint)nobody.LocalEndPoint!).Port}}/keys" }]

            """;
        await using var node = await HostileNode.StartAsync(HostileNode.Open + keys, TokenForge.Clock());
        var token = TokenForge.Sign("""{"alg":"RS256","kid":"k1"}""", TokenForge.Payload, static _ => new byte[256]);
        await using var live = await node.ClientAsync();
        var before = node.Metrics.All;

        await using var refused = await node.ConnectAsync(headers: ("Authorization", "Bearer " + token));
        Assert.Equal((503, "1"), (refused.Status, refused.Header("Retry-After")));
        await refused.DisposeAsync();
        await using var asking = await node.ClientAsync();
        for (var i = 1; i <= 20; i++)
        {
            await asking.SendTextAsync($$"""{"type":"auth","token":"{{token}}","id":{{i}}}""", Cancel);
            var error = await HostileNode.ReadErrorAsync(asking, "unavailable");
            Assert.Equal((i, 1000), (error.GetProperty("id").GetInt32(), error.GetProperty("retryAfter").GetInt32()));
        }

        // It is nobody's guess, so nobody is held off; and what is no token at all needs no key to be refused.
        await using var nonsense = await node.ConnectAsync(headers: ("Authorization", "Bearer nonsense"));
        Assert.Equal(401, nonsense.Status);
        await nonsense.DisposeAsync();
        foreach (var socket in new[] { live, asking })
        {
            await HostileNode.RoundTripAsync(socket);
            await HostileNode.LeaveAsync(socket);
        }

        var counts = node.Metrics.Since(before);
        Assert.Contains("broker.handshakes.refused keys = 1", counts);
        Assert.Contains("broker.requests.refused unavailable = 20", counts);
        Assert.Contains("broker.tokens.refused invalid = 1", counts);
    }
}
