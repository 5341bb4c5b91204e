using Broker.Node.Topics;

namespace Broker.Node.Sequenced;

/// <summary>How many connections of each user are subscribed to each topic of a partition on one lane. Not thread-safe.</summary>
internal sealed class LocalMembers
{
    private readonly Dictionary<byte[], Dictionary<byte[], (TopicMember Member, int Connections)>> _topics = new(TopicKeyComparer.Instance);

    public bool IsEmpty => _topics.Count == 0;

    public IEnumerable<(byte[] Topic, TopicMember Member, int Connections)> All =>
        _topics.SelectMany(static topic => topic.Value.Values.Select(user => (topic.Key, user.Member, user.Connections)));

    /// <summary>A user of a topic; with 0 connections where there is none.</summary>
    public (TopicMember Member, int Connections) Find(byte[] topic, byte[] user) =>
        _topics.GetValueOrDefault(topic)?.TryGetValue(user, out var found) == true ? found : (new TopicMember(user, default, default), 0);

    public void Set(byte[] topic, TopicMember member, int connections)
    {
        if (!_topics.TryGetValue(topic, out var users))
        {
            users = new Dictionary<byte[], (TopicMember, int)>(TopicKeyComparer.Instance);
            _topics.Add(topic, users);
        }

        if (connections > 0)
        {
            users[member.User] = (member, connections);
            return;
        }

        users.Remove(member.User);
        if (users.Count == 0)
        {
            _topics.Remove(topic);
        }
    }
}
