namespace Broker.Tests.Clients;

/// <summary>Specs with real clients run one after the other: each starts programs of its own, and the machine may be small.</summary>
[CollectionDefinition(Name)]
public sealed class RealClients : ICollectionFixture<OneNode>
{
    public const string Name = "Real clients";
}
