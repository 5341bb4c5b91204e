using System.Globalization;
using System.Runtime.InteropServices;

namespace Broker.Tests.Support;

/// <summary>
/// Threads of another process that stand still (ptrace) while its other threads go on: neither a signal nor a setting can do that.
/// They stand still for as long as the process lives.
/// </summary>
internal static class HeldThreads
{
    private const int Seize = 0x4206;
    private const int Interrupt = 0x4207;
    private const int WaitAll = 0x40000000;
    private const int Stopped = 0x7f;

    /// <param name="process">Its id; a process of the same user.</param>
    /// <param name="name">What the names of the threads begin with, 15 characters at most.</param>
    /// <returns>How many there are; they all stand still.</returns>
    public static async Task<int> HoldAsync(int process, string name, CancellationToken cancellation)
    {
        var threads = Directory.GetDirectories($"/proc/{process}/task")
            .Where(task => File.ReadAllText(Path.Combine(task, "comm")).StartsWith(name, StringComparison.Ordinal))
            .Select(static task => int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture))
            .ToArray();
        await Task.WhenAll(threads.Select(Hold)).WaitAsync(cancellation);
        return threads.Length;
    }

    private static Task Hold(int thread)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // The kernel knows the tracer as a thread, which has to be there, and has to take the end of what it holds.
        new Thread(() =>
        {
            if (Trace(Seize, thread, 0, 0) != 0 || Trace(Interrupt, thread, 0, 0) != 0)
            {
                held.SetException(new InvalidOperationException($"Thread {thread} cannot be held: error {Marshal.GetLastPInvokeError()}."));
                return;
            }

            while (Wait(thread, out var status, WaitAll) == thread && (status & Stopped) == Stopped)
            {
                held.TrySetResult();
            }
        })
        { IsBackground = true }.Start();
        return held.Task;
    }

    [DllImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Trace(nint request, nint thread, nint address, nint data);

    [DllImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Wait(int thread, out int status, int options);
}
