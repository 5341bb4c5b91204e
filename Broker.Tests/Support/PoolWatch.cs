using System.Diagnostics.Tracing;

namespace Broker.Tests.Support;

/// <summary>
/// How many bytes of arrays have been rented from the process's pools at once. What is rented again and again allocates nothing,
/// and yet is held. Counts what is rented while it lives.
/// </summary>
internal sealed class PoolWatch : EventListener
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _rented = [];
    private long _held;

    /// <summary>The most bytes at once so far.</summary>
    public long Peak { get; private set; }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "System.Buffers.ArrayPoolEventSource")
        {
            EnableEvents(eventSource, EventLevel.Verbose);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.Payload is not [int id, int size, ..])
        {
            return;
        }

        lock (_gate)
        {
            if (eventData.EventName == "BufferRented")
            {
                _rented[id] = size;
                _held += size;
                Peak = Math.Max(Peak, _held);
            }
            else if (eventData.EventName == "BufferReturned" && _rented.Remove(id, out var held))
            {
                _held -= held;
            }
        }
    }
}
