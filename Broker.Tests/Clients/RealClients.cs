namespace Broker.Tests.Clients;

/// <summary>Specs with real clients run one after the other: each starts programs of its own, and the machine may be small.</summary>
[CollectionDefinition(Name)]
public sealed class RealClients : ICollectionFixture<OneNode>
{
    public const string Name = "Real clients";

    /// <summary>Milliseconds after which a spec has failed: an answer that never comes must not hold up the run.</summary>
    public const int Timeout = 120_000;
}
