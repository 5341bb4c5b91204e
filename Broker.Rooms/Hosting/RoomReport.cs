namespace Broker.Rooms.Hosting;

/// <summary>For logs and metrics, not for clients.</summary>
public abstract record RoomReport
{
    private protected RoomReport()
    {
    }
}

/// <summary>The room was not advanced in time, and room time has stood still for a while.</summary>
/// <param name="By">The part of the delay that was not caught up.</param>
public sealed record RoomLate(TimeSpan By) : RoomReport;

/// <summary>The room's code took longer than a second.</summary>
public sealed record TurnSlow(TimeSpan Length) : RoomReport;

/// <summary>The room's code threw, or passed a bound.</summary>
/// <param name="Fault">What was thrown.</param>
/// <param name="Failures">In a row.</param>
/// <param name="RestartIn">Null: never, it has ended.</param>
public sealed record RoomFailed(Exception Fault, int Failures, TimeSpan? RestartIn) : RoomReport;
