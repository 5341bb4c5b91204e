using Broker.Node.Topics;

namespace Broker.Node.Auth;

/// <summary>What the tokens in <c>subscribe</c> requests granted a connection beside its own rights, each until its end.</summary>
internal sealed class SubscribeGrants
{
    private readonly List<(TopicPattern Pattern, DateTimeOffset Issued, DateTimeOffset Ends)> _grants = [];

    public int Count => _grants.Count;

    /// <summary>When the next one ends; null: none will.</summary>
    public DateTimeOffset? NextEnd => _grants.Count == 0 ? null : _grants.Min(static grant => grant.Ends);

    public void Add(TopicPattern pattern, DateTimeOffset issued, DateTimeOffset ends) => _grants.Add((pattern, issued, ends));

    /// <summary>Drops those that were issued up to a time.</summary>
    public void EndUntil(DateTimeOffset at) => _grants.RemoveAll(grant => grant.Issued <= at);

    /// <summary>Drops those that are over. True: there were some.</summary>
    public bool End(DateTimeOffset now) => _grants.RemoveAll(grant => grant.Ends <= now) > 0;

    public Rights AddTo(Rights rights) => _grants.Aggregate(rights, static (rights, grant) => rights.WithSubscribe(grant.Pattern));
}
