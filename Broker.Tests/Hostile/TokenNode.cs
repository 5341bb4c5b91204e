using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>One node that wants tokens, also in the query, on a clock that the tests move.</summary>
public sealed class TokenNode : IAsyncLifetime
{
    public const string Config = $$"""
        broker.auth {
          query-token = on
          keys = [{ algorithm = HS256
            secret = "{{TokenForge.Secret}}" }]
          default-rights { subscribe = ["open.>", "canary"]
            publish = ["open.>", "canary"]
            deny { subscribe = ["open.denied"] } }
        }
        broker.limits.accepts-per-second = 100000
        broker.deflate.enabled = on
        """;

    internal HostileNode Node { get; private set; } = null!;

    /// <summary>A token that outlives every test.</summary>
    public static string Token(string user) => TokenForge.Hs256(TokenForge.Claims(("sub", $"\"{user}\""), ("exp", $"{TokenForge.Now + 80_000}")));

    public async ValueTask InitializeAsync() =>
        Node = await HostileNode.StartAsync(Config, TokenForge.Clock(), Token("canary"));

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
