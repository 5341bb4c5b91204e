using Akka.Actor;
using Akka.Event;

namespace Broker.Node.Lanes;

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
