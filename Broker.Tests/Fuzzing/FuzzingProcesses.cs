namespace Broker.Tests.Fuzzing;

/// <summary>Fuzzing takes all processors, so it runs beside nothing else: others measure time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FuzzingProcesses
{
    public const string Name = "Fuzzing processes";
}
