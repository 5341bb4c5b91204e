using Broker.Tests.Cluster;
using Broker.Tests.Support;

namespace Broker.Tests.Transports.Sessions;

/// <summary>Clusters of one and of two nodes that take strangers and tokens, in the process of the tests; started when they are first used.</summary>
public sealed class SessionNodes() : InProcessClusters(Config)
{
    public const string Origin = "https://app.example";

    public const string Config = Quick + $$"""
        broker {
          auth { keys = [{ algorithm = HS256
              secret = "{{TokenForge.Secret}}" }]
            anonymous = on
            anonymous-rights { subscribe = [">"]
              publish = [">"]
              history = [">"] }
            default-rights { subscribe = [">"]
              publish = [">"] } }
          origins.allow = ["{{Origin}}"]
          topics = [{ match = "seq.>", delivery = sequenced, history { size = 100 } }, { match = "skip.>", slow = skip }]
        }

        """;

    internal static HttpClient Http { get; } = new() { Timeout = TimeSpan.FromMinutes(1) };

    internal static Uri UriOf(InProcessNode node, string target) => new(new UriBuilder(node.WebSocket) { Scheme = "http", Path = "" }.Uri, target);

    /// <summary>A token of this user's, good now.</summary>
    internal static string TokenOf(string user)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{user}\""), ("iat", $"{now}"), ("exp", $"{now + 3600}")));
    }
}
