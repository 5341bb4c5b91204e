namespace Broker.Bench.EndToEnd;

/// <summary>Where the programs are that take part.</summary>
/// <param name="Source">This project's folder.</param>
/// <param name="Output">What is compiled and published goes below it.</param>
internal sealed record Workbench(string Source, string Output)
{
    /// <summary>The load generator.</summary>
    public string WsLoad => Path.Combine(Output, "wsload");

    /// <summary>The node, as published or from elsewhere.</summary>
    public string BrokerDll { get; init; } = Path.Combine(Output, "broker", "Broker.Node.dll");

    public string SignalRDll => Path.Combine(Output, "signalr", "SignalR.dll");

    public string NodePeers => Path.Combine(Source, "Peers", "node");

    /// <summary>Of the source tree that the working directory or this program lies in.</summary>
    /// <exception cref="BenchException">There is none.</exception>
    public static Workbench Find()
    {
        foreach (var start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
        {
            for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
            {
                if (File.Exists(Path.Combine(directory.FullName, "Broker.sln")))
                {
                    return new Workbench(Path.Combine(directory.FullName, "Broker.Bench"), Path.Combine(directory.FullName, "artifacts", "bench"));
                }
            }
        }

        throw new BenchException("No Broker.sln above the working directory or this program.");
    }

    /// <summary>Full path of an installed program.</summary>
    /// <exception cref="BenchException">It is not installed.</exception>
    public static string Tool(string name) => TryTool(name) ?? throw new BenchException($"{name} is not installed.");

    public static string? TryTool(string name)
    {
        // nginx and nats-server are installed where only root's PATH looks.
        var path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/local/sbin:/usr/sbin:/sbin";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
    }
}
