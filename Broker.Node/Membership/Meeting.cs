using Akka.Event;
using Broker.Node.Links;

namespace Broker.Node.Membership;

/// <summary>A node of one cluster asks a node that is none of its members what cluster it is in, and says what its own is.</summary>
/// <param name="From">Uid of the node that asks.</param>
/// <param name="Serves">Whether it serves clients.</param>
/// <param name="Size">Members of its cluster, at least 1.</param>
/// <param name="Lowest">The lowest of their addresses.</param>
internal sealed record Meeting(uint From, bool Serves, int Size, string Lowest) : IBrokerMessage, IDeadLetterSuppression;

/// <summary>What follows for the node that asked.</summary>
/// <param name="From">Uid of the node that answers.</param>
/// <param name="Verdict">Decided by the node that was asked, on what it was told and what it knows of its own cluster.</param>
internal sealed record MeetingAnswer(uint From, MeetingVerdict Verdict) : IBrokerMessage, IDeadLetterSuppression;

/// <summary>Outcome of a <see cref="Meeting"/> for the node that asked.</summary>
internal enum MeetingVerdict : byte
{
    /// <summary>The node asked is in no cluster yet.</summary>
    NoCluster,

    /// <summary>Both are in one cluster; the node that asked has not heard of it yet.</summary>
    SameCluster,

    /// <summary>The node that asked stays; the one asked promises nothing any more and ends.</summary>
    Stay,

    /// <summary>The node asked stays; the one that asked ends.</summary>
    End,
}
