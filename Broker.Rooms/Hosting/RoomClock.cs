namespace Broker.Rooms.Hosting;

/// <summary>
/// Room time, and which step is due. It follows the caller's time while it runs. A caller that comes too late gets some steps at once; what is
/// left of the delay is taken out of room time, so that a room which cannot keep up slows down instead of running after its steps for ever.
/// </summary>
internal sealed class RoomClock
{
    private static readonly TimeSpan CatchUp = TimeSpan.FromMilliseconds(250);

    private readonly int _rate;
    private readonly TimeSpan _catchUp;
    private TimeSpan _zero;

    /// <param name="rate">Steps a second; 0: none.</param>
    public RoomClock(int rate)
    {
        _rate = rate;
        var step = rate == 0 ? TimeSpan.Zero : At(1);
        _catchUp = step > CatchUp ? step : CatchUp;
    }

    public bool IsRunning { get; private set; }

    public TimeSpan Time { get; set; }

    public long Tick { get; set; }

    public bool HasSteps => _rate > 0;

    public TimeSpan? NextStep => HasSteps ? At(Tick + 1) : null;

    /// <summary>When the room time is, on the caller's clock, if nothing stops it.</summary>
    public TimeSpan OnCallersClock(TimeSpan time) => time + _zero;

    /// <summary>Of a step, in room time. From the start each time, so that nothing adds up.</summary>
    public TimeSpan At(long tick) => new(tick * TimeSpan.TicksPerSecond / _rate);

    public void Start(TimeSpan now)
    {
        if (!IsRunning)
        {
            (IsRunning, _zero) = (true, now - Time);
        }
    }

    public void Stop() => IsRunning = false;

    /// <summary>How far room time may go now.</summary>
    /// <param name="now">On the caller's clock.</param>
    /// <param name="due">In room time, what is to be done next; null: nothing.</param>
    /// <returns>The end, and what of a delay was taken out of room time.</returns>
    public (TimeSpan End, TimeSpan Skipped) Reach(TimeSpan now, TimeSpan? due)
    {
        var end = now - _zero;
        if (due + _catchUp is not { } last || end <= last)
        {
            return (end, TimeSpan.Zero);
        }

        var skipped = end - last;
        _zero += skipped;
        return (last, skipped);
    }
}
