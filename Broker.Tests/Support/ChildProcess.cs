using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Broker.Tests.Support;

/// <summary>
/// A program started by a test: its output line by line, its signals, its end. Disposing kills this process and no other.
/// Members may be called from any thread.
/// </summary>
internal class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly List<string> _output = [];
    private readonly List<Waiter> _waiters = [];
    private bool _ended;

    protected ChildProcess(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        start.UseShellExecute = false;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => OnLine(e.Data);
        _process.ErrorDataReceived += (_, e) => OnLine(e.Data);
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = WatchAsync();
    }

    public int Id => _process.Id;

    /// <summary>Completes with the exit code after the last line of output was taken.</summary>
    public Task<int> Ended { get; }

    /// <summary>Everything written to standard output and standard error so far.</summary>
    public string Output
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _output);
            }
        }
    }

    /// <summary>Resident memory in bytes, from <c>/proc</c>.</summary>
    public long ResidentBytes => Memory("VmRSS:");

    /// <summary>The most it has been since the start, or since <see cref="ForgetPeak"/>.</summary>
    public long PeakResidentBytes => Memory("VmHWM:");

    /// <summary>The peak is what is resident now (proc(5), <c>clear_refs</c>).</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{Id}/clear_refs", "5");

    /// <summary>Processor time used so far, by all its threads.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments) => new(new ProcessStartInfo(program, arguments));

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        await using var child = Start(program, arguments);
        var exitCode = await child.Ended.WaitAsync(cancellation);
        return (exitCode, child.Output);
    }

    /// <summary>
    /// The first match of <paramref name="pattern"/> in a line written before or after this call.
    /// Throws with the whole output if the program ends, or the token is cancelled, before there is one.
    /// </summary>
    public async Task<Match> WaitForLineAsync(Regex pattern, CancellationToken cancellation)
    {
        var waiter = new Waiter(pattern);
        lock (_gate)
        {
            if (!_output.Any(waiter.Offer))
            {
                if (_ended)
                {
                    throw new InvalidOperationException($"The program ended without a line like {pattern}:\n{string.Join('\n', _output)}");
                }

                _waiters.Add(waiter);
            }
        }

        try
        {
            return await waiter.Task.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"No line like {pattern} in time:\n{Output}");
        }
    }

    public void Signal(UnixSignal signal)
    {
        if (Kill(Id, (int)signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    public Task<int> WaitForExitAsync(CancellationToken cancellation) => Ended.WaitAsync(cancellation);

    public virtual async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // SIGKILL also ends a stopped process. The child itself only: whatever else runs here is not ours.
            _process.Kill(entireProcessTree: false);
        }

        await Ended;
        _process.Dispose();
        GC.SuppressFinalize(this);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    private long Memory(string name)
    {
        var line = File.ReadLines($"/proc/{Id}/status").Single(text => text.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    private async Task<int> WatchAsync()
    {
        await _process.WaitForExitAsync();
        Waiter[] left;
        lock (_gate)
        {
            _ended = true;
            left = [.. _waiters];
            _waiters.Clear();
        }

        foreach (var waiter in left)
        {
            waiter.Fail(new InvalidOperationException($"The program ended ({_process.ExitCode}) without a line like {waiter.Pattern}:\n{Output}"));
        }

        return _process.ExitCode;
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            _output.Add(line);
            _waiters.RemoveAll(waiter => waiter.Offer(line));
        }
    }

    private sealed class Waiter(Regex pattern)
    {
        private readonly TaskCompletionSource<Match> _found = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Regex Pattern => pattern;

        public Task<Match> Task => _found.Task;

        public bool Offer(string line)
        {
            var match = pattern.Match(line);
            return match.Success && _found.TrySetResult(match);
        }

        public void Fail(Exception exception) => _found.TrySetException(exception);
    }
}
