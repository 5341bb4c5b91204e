namespace Broker.Rooms.Hosting;

/// <summary>Where a <see cref="RoomHost"/> puts what comes of its inputs. Called on the host's thread; must not call the host.</summary>
public interface IRoomOutput
{
    /// <summary>To be delivered in this order. What was answered here is in a snapshot that is kept.</summary>
    void Write(RoomOutput output);

    void Report(RoomReport report);

    /// <summary>To be run somewhere else; the end is given to <see cref="RoomHost.WorkEnded"/>.</summary>
    void Start(RoomWork work);
}
