namespace Broker.Bench.EndToEnd;

/// <summary>A product that is measured.</summary>
/// <param name="name">What <c>--peer</c> takes.</param>
internal abstract class Peer(string name)
{
    protected static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);

    public string Name => name;

    /// <summary>Most nodes that are set up here.</summary>
    public virtual int MostNodes => 3;

    public virtual bool SpeaksTls => false;

    /// <summary>Whether every connection may have topics of its own choice after it was opened.</summary>
    public virtual bool Subscribes => true;

    /// <summary>How the load generator speaks with it.</summary>
    public abstract IReadOnlyList<string> Dialect { get; }

    /// <summary>As tables call it, with what several nodes need.</summary>
    public abstract string Title(int nodes);

    /// <summary>Compiles or installs what it needs beside apt's packages.</summary>
    public abstract Task PrepareAsync(Workbench bench, CancellationToken cancellation);

    /// <summary>What is measured, with its version.</summary>
    public abstract Task<string> VersionAsync(Workbench bench, CancellationToken cancellation);

    /// <summary>Starts the programs; each is to be added to the setting at once, so that it ends with it. Returns when clients may come.</summary>
    /// <exception cref="BenchException">It did not start.</exception>
    public abstract Task StartAsync(Setting setting, CancellationToken cancellation);

    public bool Takes(Scenario scenario) =>
        scenario.Nodes <= MostNodes && (SpeaksTls || !scenario.Tls) && (Subscribes || scenario.Load.TopicsEach == 1);
}
