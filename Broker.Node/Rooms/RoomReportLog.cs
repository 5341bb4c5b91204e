using Akka.Event;
using Broker.Rooms.Hosting;

namespace Broker.Node.Rooms;

/// <summary>What a room's host has to report, as lines of the log.</summary>
internal static class RoomReportLog
{
    /// <param name="log">Takes the line.</param>
    /// <param name="room">Id of the room.</param>
    /// <param name="report">Of its host.</param>
    public static void Write(ILoggingAdapter log, string room, RoomReport report)
    {
        switch (report)
        {
            case RoomFailed { RestartIn: { } wait } failed:
                log.Error(failed.Fault, "Room {0} has failed ({1} in a row) and is restored in {2}", room, failed.Failures, wait);
                break;
            case RoomFailed failed:
                log.Error(failed.Fault, "Room {0} has failed for the {1}. time and ends", room, failed.Failures);
                break;
            case TurnSlow slow:
                log.Warning("Room {0}: a turn of its code took {1}", room, slow.Length);
                break;
            case RoomLate late:
                log.Info("Room {0} is late: {1} of its time are left out", room, late.By);
                break;
        }
    }
}
