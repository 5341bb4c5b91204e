using System.Diagnostics;

namespace Broker.Tests.Checker;

/// <summary>What many clients do and see at the same time, as one history. Thread-safe; the order of calls is the order of lines.</summary>
internal sealed class HistoryRecorder
{
    private readonly Lock _gate = new();
    private readonly List<HistoryEvent> _events = [];
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _calls;

    /// <summary>What was recorded so far.</summary>
    public IReadOnlyList<HistoryEvent> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    public long NextCall() => Interlocked.Increment(ref _calls);

    /// <summary>Requests are recorded before they are sent, answers and pushes after they came: so a line is never earlier than what caused it.</summary>
    public void Add(HistoryEvent what)
    {
        lock (_gate)
        {
            _events.Add(what with { At = (long)Stopwatch.GetElapsedTime(_started).TotalMicroseconds });
        }
    }
}
