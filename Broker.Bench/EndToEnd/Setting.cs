using System.Globalization;

namespace Broker.Bench.EndToEnd;

/// <summary>The servers of one run: what they are to be, and once started what they are. Disposing ends them and removes their files.</summary>
internal sealed class Setting(Workbench bench, PortRange ports, Scenario scenario) : IAsyncDisposable
{
    private readonly List<ChildProgram> _programs = [];
    private readonly List<string> _urls = [];

    public Workbench Bench => bench;

    public int Nodes => scenario.Nodes;

    public bool Tls => scenario.Tls;

    public bool Deflate => scenario.Load.Deflate;

    /// <summary>Empty at first.</summary>
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("broker-bench-").FullName;

    /// <summary>Of the programs of the broker, beside what the scenario wants.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>In the order in which they were started.</summary>
    public IReadOnlyList<ChildProgram> Programs => _programs;

    /// <summary>Where clients of each node connect.</summary>
    public IReadOnlyList<string> Urls => _urls;

    public IReadOnlyList<int> Processes => [.. _programs.SelectMany(program => program.Processes)];

    public int[] Ports(int count) => [.. Enumerable.Range(0, count).Select(_ => ports.Next())];

    public ChildProgram Add(ChildProgram program)
    {
        _programs.Add(program);
        return program;
    }

    public void AddUrl(int port, string path) =>
        _urls.Add(string.Create(CultureInfo.InvariantCulture, $"{(Tls ? "wss" : "ws")}://127.0.0.1:{port}{path}"));

    /// <summary>Writes a file of configuration and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Starts Redis where several nodes need something between them; its port, null for one node.</summary>
    public async Task<int?> RedisAsync(CancellationToken cancellation)
    {
        if (Nodes == 1)
        {
            return null;
        }

        var port = ports.Next();
        string[] arguments = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", Directory];
        var redis = Add(ChildProgram.Start(Workbench.Tool("redis-server"), arguments, "Ready to accept connections"));
        await redis.WaitUntilReadyAsync(TimeSpan.FromSeconds(10), cancellation);
        return port;
    }

    /// <exception cref="BenchException">A program has ended.</exception>
    public void ThrowIfEnded() => _programs.ForEach(static program => program.ThrowIfEnded());

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs)
        {
            await program.DisposeAsync();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
