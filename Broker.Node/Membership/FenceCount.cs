using Akka.Cluster;
using Broker.Node.Configuration.Options;

namespace Broker.Node.Membership;

/// <summary>
/// Counts as the split brain resolver's keep-majority does, and where that depends on what the other side may have seen, against
/// this node: on this side the node itself and those that answer and are Up, on the other side those that are silent, Joining
/// and Leaving ones too. Down and Exiting members are on neither side. Pure.
/// </summary>
internal static class FenceCount
{
    /// <summary>Until when the fence is open if nobody answers any more: 0 for closed, <see cref="long.MaxValue"/> where no answer is needed.</summary>
    /// <param name="members">All members, this node among them if it is one.</param>
    /// <param name="mode">With <see cref="DowningMode.Survivor"/>, of two members both go on until one is removed.</param>
    /// <param name="now">Timestamp.</param>
    public static long OpenUntil(IReadOnlyCollection<Voter> members, DowningMode mode, long now)
    {
        var counted = members.Where(static member => IsCounted(member.Status)).ToList();
        if (!counted.Exists(static member => member.IsSelf))
        {
            return 0;
        }

        if (mode == DowningMode.Survivor && counted.Count <= 2)
        {
            return long.MaxValue;
        }

        // Answers only expire: the first expiry at which this side no longer wins is the end.
        foreach (var end in counted.Select(static member => member.AnsweredUntil).Where(until => until > now).Append(now).Order())
        {
            if (!Wins(counted, end))
            {
                return end == now ? 0 : end;
            }
        }

        return long.MaxValue;
    }

    private static bool Wins(List<Voter> members, long at)
    {
        var mine = members.Where(member => member.IsSelf || (member.Status == MemberStatus.Up && member.AnsweredUntil > at)).ToList();
        var silent = members.Where(member => !member.IsSelf && member.AnsweredUntil <= at).ToList();
        return mine.Count != silent.Count
            ? mine.Count > silent.Count
            : Member.AddressOrdering.Compare(Lowest(mine), Lowest(silent)) < 0;
    }

    private static Akka.Actor.Address Lowest(List<Voter> members) => members.Select(static member => member.Address).Min(Member.AddressOrdering)!;

    private static bool IsCounted(MemberStatus status) => status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up or MemberStatus.Leaving;
}
