using System.Runtime.InteropServices;

namespace Broker.Tests.Support;

/// <summary>Processor time of the calling thread: what other work on the machine does not lengthen. Linux only.</summary>
internal static class ThreadTime
{
    private const int ThreadClock = 3;

    public static TimeSpan Now
    {
        get
        {
            Assert.Equal(0, GetTime(ThreadClock, out var time));
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
        }
    }

    /// <summary>The least time that any of some runs took: the one that the compiler and the collector disturbed least.</summary>
    public static TimeSpan Best(int runs, Action action)
    {
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < runs; i++)
        {
            var start = Now;
            action();
            var time = Now - start;
            best = time < best ? time : best;
        }

        return best;
    }

    [DllImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetTime(int clock, out Time time);

    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
