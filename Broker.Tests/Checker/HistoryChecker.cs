using Broker.Tests.Checker.Rules;

namespace Broker.Tests.Checker;

/// <summary>Whether what clients did and saw may be so. Pure: it knows a history and nothing of the broker.</summary>
/// <remarks>
/// Not checked here are those of rooms (I8, I9) and of measurements (I18).
/// <code>
/// number                    topics     what is checked
/// I1  TotalOrder            sequenced  an offset of an epoch is one message, the same for everybody: answers, pushes, pages, all nodes at last
/// I2  Contiguity            sequenced  k + 1 follows k in a subscription, or a gap, or recovered:false; whole to the end, where it is open; so are pages
///                           broadcast  what was published after `subscribed` and acknowledged comes, or a gap or the end of the connection
/// I3  NoReorder             sequenced  offsets rise in a subscription
/// I4  NoDuplicate           both       a subscription sees a message once, replayed or live
/// I5  IdempotentPublish     sequenced  a key, and a message without one, has one offset of an epoch
/// I6  AcknowledgedIsStored  sequenced  what was acknowledged, or seen, is in the history at last, unless its size trimmed it; of a durable topic
///                                      whatever became of the epoch
/// I7  NoPhantom             both       what is seen was published before, with this data, and was not refused
/// I10 Answered              both       each request has one answer, in 16 s (a publish waits 15 s at most), or its connection ended; time during
///                                      which its node was stopped by a pause does not count
/// I11 PresenceConverges     presence   each node's members are the open subscriptions: who came is there after 15 s, who went is not after 35 s;
///                                      joins and leaves of a member alternate
/// I12 EpochHonesty          sequenced  the top of an epoch does not go back, and no epoch comes back
/// I13 MonotoneSession       sequenced  a client goes on from where it was, and sees nothing at or below that
/// I14 Authorization         both       nothing is seen a second before a right began, or after it ended; for clients that rights were recorded for
/// I15 QuietMinority         both       in a cut the smaller side acknowledges nothing later than 10 s after it
/// I16 Liveness              both       a probe at each running node for each topic ends, 60 s after the last fault at the latest
/// I17 PublisherOrder        sequenced  offsets of one connection's publishes rise as it published
///                           broadcast  each subscription sees them so
/// I19 SubscriptionBounds    both       nothing comes before `subscribed`, after `unsubscribed` or after the end of the connection
/// </code>
/// Sorting is by dictionaries, so the time is that of the history's length; only I2 of broadcast topics looks at every publish for every
/// subscription that was open, which is as many as should have been delivered. Not known here: kept entries, histories that expire by time, and
/// that keys are forgotten after 5 minutes. A recording ends when nothing is under way any more, because what has not come by then is missing.
/// </remarks>
internal static class HistoryChecker
{
    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryEvent> history)
    {
        var facts = new HistoryFacts(history);
        var report = new Report();
        LogRules.Check(facts, report);
        EpochRules.Check(facts, report);
        SequencedRules.Check(facts, report);
        BroadcastRules.Check(facts, report);
        PublishRules.Check(facts, report);
        SightRules.Check(facts, report);
        AnswerRules.Check(facts, report);
        PresenceRules.Check(facts, report);
        return report.Violations;
    }
}
