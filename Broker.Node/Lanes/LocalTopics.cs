using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Node.Lanes;

/// <summary>
/// The topics of one partition with subscribers on this node, counted: as long as there is one, the replica is interested, and the owner
/// knows who is a member here. Single-threaded: only its lane calls it.
/// </summary>
internal sealed class LocalTopics(PartitionReplica replica)
{
    private readonly Dictionary<byte[], LocalTopic> _topics = new(TopicKeyComparer.Instance);
    private int _interests;

    public IEnumerable<LocalTopic> All => _topics.Values;

    public LocalTopic? Find(byte[] name) => _topics.GetValueOrDefault(name);

    /// <summary>A subscriber comes: the node wants what comes of the topic.</summary>
    public LocalTopic Hold(Subscription subscription)
    {
        if (!_topics.TryGetValue(subscription.Topic, out var topic))
        {
            topic = new LocalTopic(subscription.Topic);
            _topics.Add(topic.Name, topic);
        }

        topic.Subscribers++;
        Count(1);
        CountMember(topic, subscription, 1);
        return topic;
    }

    /// <summary>One that was held goes, or was not taken.</summary>
    public void Release(Subscription subscription)
    {
        var topic = _topics[subscription.Topic];
        CountMember(topic, subscription, -1);
        if (--topic.Subscribers == 0)
        {
            _topics.Remove(topic.Name);
        }

        Count(-1);
    }

    /// <summary>Somebody wants what comes of the whole partition, or does no more.</summary>
    public void Count(int interests)
    {
        _interests += interests;
        replica.SetInterest(_interests > 0);
    }

    private void CountMember(LocalTopic topic, Subscription subscription, int change)
    {
        if (subscription.Member.Length == 0)
        {
            return;
        }

        var count = topic.Members.GetValueOrDefault(subscription.Member) + change;
        if (count > 0)
        {
            topic.Members[subscription.Member] = count;
        }
        else
        {
            topic.Members.Remove(subscription.Member);
        }

        replica.SetMember(topic.Name, new TopicMember(subscription.Member, subscription.MemberInfo, subscription.Form.Format), count);
    }
}

/// <summary>A topic with subscribers here.</summary>
internal sealed class LocalTopic(byte[] name)
{
    public byte[] Name => name;

    /// <summary>What clients are told it is called.</summary>
    public byte[] Shown { get; } = TopicName.Shown(name);

    public int Subscribers { get; set; }

    /// <summary>Connections of each user.</summary>
    public Dictionary<byte[], int> Members { get; } = new(TopicKeyComparer.Instance);

    /// <summary>A gap is to be shown, and where it goes on is not known yet.</summary>
    public bool IsResyncing { get; set; }
}
