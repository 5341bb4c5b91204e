using Broker.Node.Configuration.Options;

namespace Broker.Node.Topics;

/// <summary>The settings of every topic: the first entry whose pattern matches. Immutable.</summary>
internal sealed class TopicSettings
{
    /// <summary>Users of one topic whose rights have been changed.</summary>
    private const int MaxRights = 100_000;

    /// <summary>Rooms of a kind that clients can watch.</summary>
    private const int MaxRooms = 100_000;

    private static readonly TopicOptions Unmatched = new();

    private readonly (TopicPattern Pattern, TopicOptions Options)[] _entries;
    private readonly TopicOptions _ofUsers;
    private readonly TopicOptions _ofRights;
    private readonly TopicOptions _ofRooms = new() { Delivery = DeliveryKind.Sequenced, Keep = KeepPolicy.Latest, History = new HistoryOptions { Size = 1 } };
    private readonly TopicOptions _ofRoomLists = new() { Delivery = DeliveryKind.Sequenced, Keep = KeepPolicy.Latest, History = new HistoryOptions { Size = MaxRooms } };

    /// <param name="topics">In the order in which they are looked at.</param>
    /// <param name="ofUsers">Of the topics of users; null: those without history.</param>
    /// <param name="tokenLife">The longest that a token may live: after which no change of rights concerns any.</param>
    /// <exception cref="ArgumentException">A pattern that configuration validation let through.</exception>
    public TopicSettings(IEnumerable<TopicOptions> topics, HistoryOptions? ofUsers = null, TimeSpan tokenLife = default)
    {
        _ofRights = new TopicOptions { Delivery = DeliveryKind.Sequenced, Keep = KeepPolicy.Latest, History = new HistoryOptions { Size = MaxRights, Ttl = tokenLife } };
        _ofUsers = new TopicOptions { Delivery = DeliveryKind.Sequenced, History = ofUsers ?? new HistoryOptions() };
        _entries = [.. topics.Select(static t => (TopicPattern.TryParse(t.Match, out var pattern) ? pattern : throw new ArgumentException($"Not a topic pattern: {t.Match}."), t))];
    }

    /// <summary>Whether a topic that the pattern matches may be sequenced.</summary>
    public bool MayBeSequenced(TopicPattern pattern) =>
        Array.Exists(_entries, entry => entry.Options.Delivery == DeliveryKind.Sequenced && entry.Pattern.Overlaps(pattern));

    public TopicOptions Of(ReadOnlySpan<byte> topic)
    {
        if (TopicName.IsReserved(topic))
        {
            return TopicName.IsOfUser(topic, out _) ? _ofUsers
                : TopicName.IsOfRights(topic) ? _ofRights
                : TopicName.IsOfRoom(topic) ? _ofRooms
                : TopicName.IsOfRooms(topic, out _) ? _ofRoomLists
                : Unmatched;
        }

        foreach (var (pattern, options) in _entries)
        {
            if (pattern.Matches(topic))
            {
                return options;
            }
        }

        return Unmatched;
    }
}
