using Akka.Actor;
using Akka.Event;
using Broker.Node.Links;

namespace Broker.Node.Lanes;

/// <summary>What a lane is told inside its node.</summary>
internal abstract record LaneSignal : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    /// <summary>There is something in the inbox.</summary>
    internal sealed record Drain : LaneSignal
    {
        public static readonly Drain Instance = new();
    }

    /// <summary>The membership changed.</summary>
    internal sealed record Peer(uint Uid, PeerChange Change) : LaneSignal;

    /// <summary>The node stops: send what is kept and say goodbye.</summary>
    internal sealed record Farewell : LaneSignal
    {
        public static readonly Farewell Instance = new();
    }
}

/// <summary>What happened to another member of the cluster.</summary>
internal enum PeerChange
{
    /// <summary>It became a member (Joining or later).</summary>
    Seen,

    /// <summary>It may answer now: it became Up, or reachable again.</summary>
    Reachable,

    Unreachable,

    /// <summary>Leaving or Exiting: mediators do not route to it any more.</summary>
    Leaving,

    /// <summary>As <see cref="Leaving"/>, but not by its own will: it may not know, and go on.</summary>
    Down,

    Removed,
}

/// <summary>What a lane tells its parent.</summary>
internal abstract record LaneEvent : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    /// <summary>This node's mediator knows the lane.</summary>
    internal sealed record Subscribed(LaneIdentity Lane) : LaneEvent;

    /// <summary>Hellos were answered both ways.</summary>
    internal sealed record LinkReady(LaneIdentity Lane, uint Peer) : LaneEvent;

    /// <summary>There is no link with this peer.</summary>
    internal sealed record Refused(uint Peer, string Difference) : LaneEvent;

    /// <summary>Every peer that can be reached has acknowledged the goodbye.</summary>
    internal sealed record FarewellDone(LaneIdentity Lane) : LaneEvent;
}
