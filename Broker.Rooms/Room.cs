namespace Broker.Rooms;

/// <summary>
/// A room, from which those of a game derive. All calls come one after the other, each a turn of its own. A room that uses no other
/// clock and no other randomness than its <see cref="Context"/>'s is a function of what it is given, so that it can be tested and restored.
/// </summary>
/// <remarks>
/// What throws, harms this room only: nothing of the turn is sent, who waits for an answer gets the error <c>internal</c>, and players get
/// <c>room.paused</c>. After a while a new instance is restored from the last snapshot and told who came and went since. A room that fails
/// <see cref="RoomOptions.MaxFailures"/> times ends. So: what clients send is read with care, and refused, not thrown at.
/// </remarks>
public abstract class Room
{
    private RoomContext? _context;

    /// <summary>What the room can do. Not yet in the constructor.</summary>
    /// <exception cref="InvalidOperationException">In the constructor.</exception>
    protected RoomContext Context => _context ?? throw new InvalidOperationException("A room has no context in its constructor; use Created, and Restore.");

    /// <summary>The first turn of a new room; not called when a room is restored.</summary>
    /// <param name="options">From who creates the room; as a stranger wrote them.</param>
    public virtual void Created(RoomData options)
    {
    }

    /// <summary>Somebody wants to join, and there is a free seat. The player is in no list yet and gets nothing that is sent.</summary>
    public virtual JoinAnswer Joining(RoomPlayer player) => JoinAnswer.Accept;

    /// <summary>Has a seat from now on. The player already got <see cref="State"/> as it was before this turn: what the turn changes has to be sent.</summary>
    public virtual void Joined(RoomPlayer player)
    {
    }

    /// <summary>Has lost the connection and keeps the seat for <see cref="RoomOptions.Grace"/>. Spectators are not dropped, they leave.</summary>
    public virtual void Dropped(RoomPlayer player)
    {
    }

    /// <summary>Is back on the seat after <see cref="Dropped"/>.</summary>
    public virtual void Returned(RoomPlayer player)
    {
    }

    /// <summary>Has no seat any more. Not called where the room itself ends.</summary>
    public virtual void Left(RoomPlayer player, LeaveReason reason)
    {
    }

    /// <summary>A player, never a spectator, sends something.</summary>
    public virtual void Message(RoomPlayer player, RoomMessage message)
    {
    }

    /// <summary>A player, never a spectator, asks something.</summary>
    /// <param name="method">At most <see cref="RoomLimits.Name"/> characters.</param>
    /// <param name="data">As a stranger wrote it.</param>
    public virtual CallAnswer Call(RoomPlayer player, string method, RoomData data) => CallAnswer.Failed("unknown method");

    /// <summary>One step of the game, <see cref="RoomOptions.StepRate"/> times a second. A step is shorter than its share of a second, or the room slows down.</summary>
    /// <param name="tick">1, 2, 3, …</param>
    public virtual void Step(long tick)
    {
    }

    /// <summary>An appointment of <see cref="RoomContext.Schedule"/> or <see cref="RoomContext.ScheduleTicks"/> is due.</summary>
    public virtual void Due(string name, RoomData data)
    {
    }

    /// <summary>Work of <see cref="RoomContext.Run"/> has ended.</summary>
    public virtual void WorkDone(string name, WorkResult result)
    {
    }

    /// <summary>
    /// What this player sees of the room, for <c>room.joined</c> and <c>room.state</c>: when the player joins or returns, asks, and after
    /// the room was restored. It changes nothing.
    /// </summary>
    public virtual RoomData State(RoomPlayer viewer) => RoomData.None;

    /// <summary>
    /// The room's own state, for <see cref="Restore"/>: taken once a second, before answers go out, and before the room moves. Players, the
    /// tick, appointments, metadata and the random source are kept without it. It changes nothing.
    /// </summary>
    /// <returns>Not changed afterwards; with everything else that is kept at most <see cref="RoomLimits.Snapshot"/> bytes.</returns>
    public abstract ReadOnlyMemory<byte> Snapshot();

    /// <summary>Instead of <see cref="Created"/>, on a new instance. Who joined or left since the snapshot is told afterwards.</summary>
    /// <param name="snapshot">Of <see cref="Snapshot"/>.</param>
    /// <param name="version">The <see cref="RoomOptions.StateVersion"/> that wrote it: this one's or an older one, which is to be upgraded.</param>
    public abstract void Restore(ReadOnlyMemory<byte> snapshot, int version);

    internal void Attach(RoomContext context) => _context = context;
}
