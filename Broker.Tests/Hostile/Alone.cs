namespace Broker.Tests.Hostile;

/// <summary>Specs that measure the heap of their process, or need its processors: beside nothing else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
