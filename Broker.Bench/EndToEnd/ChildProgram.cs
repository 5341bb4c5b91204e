using System.Diagnostics;
using System.Globalization;

namespace Broker.Bench.EndToEnd;

/// <summary>A program that was started, with as many files as the system allows; disposing kills it and what it started.</summary>
internal sealed class ChildProgram : IAsyncDisposable
{
    private const int KeptLines = 40;

    // The shell is replaced by the program: its process is the program's.
    private const string RaiseFiles = "ulimit -n \"$(ulimit -Hn)\"; exec \"$0\" \"$@\"";

    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string? _readyLine;

    private ChildProgram(ProcessStartInfo start, string? readyLine)
    {
        _readyLine = readyLine;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => OnLine(e.Data);
        _process.ErrorDataReceived += (_, e) => OnLine(e.Data);
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its process and, for programs that fork, their workers.</summary>
    public IReadOnlyList<int> Processes => [_process.Id, .. Children(_process.Id)];

    /// <summary>The last lines it wrote.</summary>
    public string Output
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <param name="program">Full path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="readyLine">What a line that says it is ready contains; null: none does.</param>
    /// <param name="environment">Variables beside the inherited ones, of which none that configures a node or ASP.NET Core is passed on.</param>
    public static ChildProgram Start(string program, IEnumerable<string> arguments, string? readyLine = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", RaiseFiles, program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsConfiguration).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new ChildProgram(start, readyLine);
    }

    /// <summary>Runs a program to its end and returns what it wrote last.</summary>
    /// <exception cref="BenchException">It failed.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        await using var child = Start(program, arguments);
        var code = await child.EndAsync(cancellation);
        return code == 0 ? child.Output : throw new BenchException($"{Path.GetFileName(program)} failed with {code}: {child.Output}");
    }

    /// <summary>Waits for its end; all it wrote has been taken then.</summary>
    public async Task<int> EndAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <exception cref="BenchException">It ended, or did not become ready in time.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var ended = EndAsync(cancellation);
        try
        {
            await Task.WhenAny(_ready.Task, ended).WaitAsync(limit, cancellation);
        }
        catch (TimeoutException)
        {
            throw new BenchException($"Not ready after {limit.TotalSeconds} s: {Output}");
        }

        ThrowIfEnded();
    }

    /// <exception cref="BenchException">It has ended.</exception>
    public void ThrowIfEnded()
    {
        if (_process.HasExited)
        {
            throw new BenchException($"{_process.StartInfo.ArgumentList[2]} ended with {_process.ExitCode}: {Output}");
        }
    }

    /// <summary>Ends it by SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private static bool IsConfiguration(string name) =>
        name.StartsWith("BROKER_", StringComparison.Ordinal) || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal) || name == "DOTNET_ENVIRONMENT";

    private static IEnumerable<int> Children(int process)
    {
        var path = $"/proc/{process}/task/{process}/children";
        var children = File.Exists(path) ? File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        return children.Select(static id => int.Parse(id, CultureInfo.InvariantCulture)).SelectMany(static id => (int[])[id, .. Children(id)]);
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines)
            {
                _lines.Dequeue();
            }
        }

        if (_readyLine is not null && line.Contains(_readyLine, StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }
}
