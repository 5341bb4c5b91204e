using Akka.Actor;
using Akka.Cluster;

namespace Broker.Node.Membership;

/// <summary>A member as this node's fence counts it.</summary>
/// <param name="Address">Of the member; the lowest decides where both sides are equal.</param>
/// <param name="Status">As this node sees it.</param>
/// <param name="IsSelf">It is this node, which needs no answer of its own.</param>
/// <param name="AnsweredUntil">Timestamp until which its newest answer counts; 0: it has not answered.</param>
internal readonly record struct Voter(Address Address, MemberStatus Status, bool IsSelf, long AnsweredUntil);
