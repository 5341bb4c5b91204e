using System.Diagnostics;

namespace Broker.Fuzz.Engine;

/// <summary>Runs a target on one input and judges the run: what it threw, how long it took, what it allocated.</summary>
/// <param name="target">What is run.</param>
/// <param name="lastInput">Told every input before it is run; null where the process is not expected to end.</param>
internal sealed class Examiner(FuzzTarget target, LastInput? lastInput = null)
{
    private const int Repetitions = 5;

    private static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Null when all is well.</summary>
    public FuzzFind? Run(ReadOnlySpan<byte> input)
    {
        lastInput?.Write(input);
        if (TryRun(input, out var time, out var allocated) is { } exception)
        {
            return new FuzzFind(ProblemOf(exception), exception.ToString(), input.ToArray());
        }

        // A collection, the compiler or another process may have had the time, and a pool the memory: they do not every time.
        // Then what counts is the processor's time, for a busy machine may keep a process waiting again and again.
        for (var i = 1; i < Repetitions && (time > MaxTime || allocated > target.MaxAllocation); i++)
        {
            var before = Environment.CpuUsage.TotalTime;
            TryRun(input, out _, out var less);
            var used = Environment.CpuUsage.TotalTime - before;
            (time, allocated) = (used < time ? used : time, Math.Min(allocated, less));
        }

        return time > MaxTime ? new FuzzFind($"takes over {MaxTime.TotalMilliseconds} ms", $"{time.TotalMilliseconds} ms of a processor at best", input.ToArray())
            : allocated > target.MaxAllocation ? new FuzzFind($"allocates over {target.MaxAllocation} bytes", $"{allocated} bytes at least", input.ToArray())
            : null;
    }

    private Exception? TryRun(ReadOnlySpan<byte> input, out TimeSpan time, out long allocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        Exception? thrown = null;
        try
        {
            target.Run(input);
        }
        catch (Exception exception)
        {
            // Whatever it is: that is what is looked for.
            thrown = exception;
        }

        time = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return thrown;
    }

    // The kind and the place: messages hold values, which differ from input to input.
    private static string ProblemOf(Exception exception)
    {
        var place = new StackTrace(exception).GetFrames()
            .Select(frame => frame.GetMethod())
            .FirstOrDefault(method => method?.DeclaringType?.Namespace?.StartsWith("Broker.", StringComparison.Ordinal) == true && method.DeclaringType != typeof(Promise));
        var what = exception is BrokenPromiseException ? exception.Message.Split(':')[0] : exception.GetType().Name;
        return $"{what} in {place?.DeclaringType?.Name}.{place?.Name}";
    }
}
