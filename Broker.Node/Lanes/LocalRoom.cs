using Akka.Actor;
using Broker.Node.Delivery;

namespace Broker.Node.Lanes;

/// <summary>A room in which connections of this node have seats, or want some. Single-threaded: its lane's.</summary>
/// <param name="id">Of the room.</param>
/// <param name="topic">Of its pushes.</param>
internal sealed class LocalRoom(string id, byte[] topic)
{
    public string Id => id;

    public byte[] Topic => topic;

    /// <summary>Uid of the node that runs it; 0: it is not known.</summary>
    public uint Owner { get; set; }

    /// <summary>The highest that was heard of.</summary>
    public long Generation { get; set; }

    /// <summary>When the owner was heard last.</summary>
    public TimeSpan Heard { get; set; }

    /// <summary>By the number of the connection.</summary>
    public Dictionary<long, LocalSeat> Seats { get; } = [];

    /// <summary>What was asked and is not answered, by its number.</summary>
    public SortedDictionary<long, RoomRequest> Requests { get; } = [];

    public bool IsIdle => Seats.Count == 0 && Requests.Count == 0;
}

/// <summary>A connection's place in a room.</summary>
internal sealed class LocalSeat(Subscription subscription, IActorRef connection)
{
    public Subscription Subscription => subscription;

    public IActorRef Connection => connection;

    /// <summary>Null: the room has not given it yet.</summary>
    public string? Token { get; set; }

    /// <summary>Number of the request that tells a new owner of it; 0: the owner knows.</summary>
    public long Announcement { get; set; }
}

/// <summary>What was asked of a room and is not answered.</summary>
/// <param name="input">What is asked.</param>
/// <param name="subscription">Of the connection that asks; null: the lane does.</param>
/// <param name="begun">On the lane's clock.</param>
internal sealed class RoomRequest(RoomInput input, Subscription? subscription, TimeSpan begun)
{
    public RoomInput Input => input;

    public Subscription? Subscription => subscription;

    public TimeSpan Begun => begun;

    /// <summary>When it was sent last; null: it waits for an owner.</summary>
    public TimeSpan? Sent { get; set; }

    /// <summary>Of the owner to which it was sent last.</summary>
    public long Generation { get; set; }

    /// <summary>To ask it twice is to ask it once.</summary>
    public bool IsIdempotent => input.Kind is not (RoomInputKind.Send or RoomInputKind.Call);

    /// <summary>Somebody who has no owner yet may be woken by it.</summary>
    public bool Wakes => input.Kind is RoomInputKind.Create or RoomInputKind.Join or RoomInputKind.Announce;
}
