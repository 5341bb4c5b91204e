namespace Broker.Rooms;

/// <summary>
/// What a room can do and know. Only in the room's own turn, never from another thread or from asynchronous work. What is sent goes
/// out when the turn is over, in this order; nothing of it where the turn throws.
/// </summary>
/// <exception cref="RoomException">Of all members: a bound of <see cref="RoomLimits"/> is passed, or it is not the room's turn.</exception>
public abstract class RoomContext
{
    private protected RoomContext()
    {
    }

    /// <summary>Id of the room.</summary>
    public abstract string RoomId { get; }

    /// <summary>Number of the last step; 0 before the first. In <see cref="Room.Step"/>: the present one.</summary>
    public abstract long Tick { get; }

    /// <summary>
    /// Room time since the room was created. It stands still while the room is paused, asleep or on its way to another node. In a step it is
    /// exactly tick divided by rate.
    /// </summary>
    public abstract TimeSpan Time { get; }

    /// <summary>The only randomness for what happens in a room: goes on where it was when the room is restored.</summary>
    public abstract RoomRandom Random { get; }

    /// <summary>Who has a player's seat, dropped ones included, in the order of coming.</summary>
    public abstract IReadOnlyList<RoomPlayer> Players { get; }

    public abstract IReadOnlyList<RoomPlayer> Spectators { get; }

    /// <summary>What the lobby shows and filters by.</summary>
    public abstract IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Nobody new may join; who has a seat may return, and a reserved seat may be taken.</summary>
    public abstract bool IsLocked { get; }

    /// <summary>Who joins has to know it; null: the room is public.</summary>
    public abstract string? Code { get; }

    /// <summary>A player or a spectator, also one that was dropped.</summary>
    /// <returns>Null: no such.</returns>
    public abstract RoomPlayer? Find(string playerId);

    /// <summary>To all players and spectators (<c>room.event</c>).</summary>
    /// <param name="name">At most <see cref="RoomLimits.Name"/> characters; may be empty.</param>
    /// <param name="from">The player for whom the room sends it; null: the room itself.</param>
    public abstract void Send(string name, RoomData data, RoomPlayer? from = null);

    /// <summary>To one player or spectator.</summary>
    public abstract void SendTo(RoomPlayer player, string name, RoomData data, RoomPlayer? from = null);

    /// <summary>To all players and spectators but one.</summary>
    public abstract void SendToOthers(RoomPlayer player, string name, RoomData data, RoomPlayer? from = null);

    /// <summary>Sets an entry of <see cref="Metadata"/>, or takes it away (null).</summary>
    public abstract void SetMetadata(string key, string? value);

    public abstract void Lock();

    public abstract void Unlock();

    /// <summary>From now on only who knows the code may join, and no lobby shows the room.</summary>
    /// <returns>The code: 8 letters and digits, the same one if the room is private already.</returns>
    public abstract string MakePrivate();

    /// <summary>When the turn is over the player gets <c>room.left</c> (<c>kicked</c>), and <see cref="Room.Left"/> is called.</summary>
    public abstract void Kick(RoomPlayer player);

    /// <summary>The room is over when the turn is: everybody gets <c>room.left</c> (<c>ended</c>).</summary>
    public abstract void End();

    /// <summary>Calls <see cref="Room.Due"/> once, after so much room time. Kept in snapshots.</summary>
    /// <param name="delay">At least 1 ms.</param>
    /// <returns>For <see cref="Cancel"/>; stays the same when the room is restored.</returns>
    public abstract long Schedule(TimeSpan delay, string name, RoomData data = default);

    /// <summary>Calls <see cref="Room.Due"/> once, right before the step that is so many ticks ahead.</summary>
    /// <param name="ticks">At least 1.</param>
    /// <exception cref="RoomException">Also where the room has no steps.</exception>
    public abstract long ScheduleTicks(long ticks, string name, RoomData data = default);

    /// <returns>False: it was due already, or cancelled.</returns>
    public abstract bool Cancel(long appointment);

    /// <summary>
    /// Runs something that takes time outside the room, e.g. a query. When it has ended <see cref="Room.WorkDone"/> is called. The work must not
    /// use the room or this context.
    /// </summary>
    /// <param name="work">Its token is cancelled where the room ends, fails or moves.</param>
    public abstract void Run(string name, Func<CancellationToken, Task<RoomData>> work);
}
