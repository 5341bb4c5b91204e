using Akka.Actor;
using Akka.Event;

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
