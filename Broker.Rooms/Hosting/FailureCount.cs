namespace Broker.Rooms.Hosting;

/// <summary>How often a room has failed in a row, and how long it waits before it is tried again: 1, 2, 4, 8, … seconds, at most 15.</summary>
internal sealed class FailureCount
{
    private static readonly TimeSpan Forgiven = TimeSpan.FromMinutes(1);

    private readonly int _most;
    private TimeSpan _last;

    public FailureCount(int most) => _most = most;

    public int Count { get; private set; }

    /// <returns>The wait; null: it was once too often.</returns>
    public TimeSpan? Add(TimeSpan now)
    {
        Count = Count > 0 && now - _last >= Forgiven ? 1 : Count + 1;
        _last = now;
        return Count > _most ? null : TimeSpan.FromSeconds(Math.Min(15, 1 << Math.Min(Count - 1, 4)));
    }
}
