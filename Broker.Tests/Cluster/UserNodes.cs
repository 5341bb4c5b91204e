using System.Text.Json;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>Clusters of one and of three nodes that want tokens, in the process of the tests; started when they are first used.</summary>
public sealed class UserNodes() : InProcessClusters(Config)
{
    public const int MostConnections = 6;

    public const string Config = Quick + $$"""
        broker {
          auth { keys = [{ algorithm = HS256
              secret = "{{TokenForge.Secret}}" }]
            default-rights { subscribe = ["open.>"]
              publish = ["open.>"] } }
          limits.connections-per-user = 6
          topics = [{ match = "open.kept.>", delivery = sequenced, history { size = 10 } }]
        }

        """;

    /// <param name="node">Where.</param>
    /// <param name="user">As whom.</param>
    /// <param name="issued">Seconds from now at which the token was signed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    internal static Task<JsonClient> ConnectAsync(InProcessNode node, string user, int issued, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = TokenForge.Claims(("sub", JsonSerializer.Serialize(user)), ("iat", $"{now + issued}"), ("exp", $"{now + 3600}"));
        return JsonClient.ConnectAsync(node.WebSocket, cancellation, options => options.SetRequestHeader("Authorization", "Bearer " + TokenForge.Hs256(claims)));
    }
}
