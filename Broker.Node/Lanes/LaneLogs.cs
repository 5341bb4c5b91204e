using Broker.Node.Delivery;
using Broker.Node.Topics;

namespace Broker.Node.Lanes;

/// <summary>
/// The logs that a lane has: of every topic and every pattern with a local subscriber one for each form that is taken, the others
/// being siblings of the first. Single-threaded: only its lane calls it.
/// </summary>
internal sealed class LaneLogs
{
    /// <summary>Topics whose room is never given back.</summary>
    private const int SmallCapacity = 4096;

    /// <summary>First logs; no topic's name is a pattern.</summary>
    private readonly Dictionary<byte[], TopicLog> _first = new(TopicKeyComparer.Instance);
    private readonly PatternTree<TopicLog> _patterns = new();

    /// <summary>Topics and patterns.</summary>
    public int Count => _first.Count;

    /// <summary>Topics and patterns there is room for.</summary>
    public int Capacity => _first.Capacity;

    /// <summary>Patterns alone.</summary>
    public int Patterns => _patterns.Count;

    /// <summary>The first log of each topic and pattern.</summary>
    public IReadOnlyDictionary<byte[], TopicLog> All => _first;

    public TopicLog? First(ReadOnlySpan<byte> topic) =>
        _first.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var log) ? log : null;

    /// <summary>Adds the first log of each pattern that matches.</summary>
    public void FindPatterns(ReadOnlySpan<byte> topic, List<TopicLog> found) => _patterns.Find(topic, found);

    /// <summary>The log of the subscription's form.</summary>
    public TopicLog? Find(Subscription subscription)
    {
        var log = _first.GetValueOrDefault(subscription.Topic);
        while (log is not null && log.Form != subscription.Form)
        {
            log = log.Sibling;
        }

        return log;
    }

    /// <inheritdoc cref="Find"/>
    public TopicLog FindOrAdd(Subscription subscription)
    {
        if (!_first.TryGetValue(subscription.Topic, out var log))
        {
            log = NewLog(subscription);
            SetFirst(subscription.Topic, log);
        }

        while (log.Form != subscription.Form)
        {
            log = log.Sibling ??= NewLog(subscription);
        }

        return log;
    }

    /// <summary>Takes out a log that has no subscriber any more.</summary>
    public void Remove(byte[] topic, TopicLog empty)
    {
        var log = _first[topic];
        if (!ReferenceEquals(log, empty))
        {
            while (!ReferenceEquals(log.Sibling, empty))
            {
                log = log.Sibling!;
            }

            log.Sibling = empty.Sibling;
        }
        else if (empty.Sibling is { } next)
        {
            SetFirst(topic, next);
        }
        else
        {
            _first.Remove(topic);
            if (empty.Pattern is not null)
            {
                _patterns.Remove(topic);
            }

            Shrink();
        }
    }

    private static TopicLog NewLog(Subscription subscription) =>
        new(subscription.Form, subscription.Slow) { Pattern = subscription.Gate is null ? null : subscription.Topic, IsSequenced = subscription.IsSequenced || subscription.IsOfRoom };

    private void SetFirst(byte[] topic, TopicLog log)
    {
        _first[topic] = log;
        if (log.Pattern is not null)
        {
            _patterns.Set(topic, log);
        }
    }

    /// <summary>A dictionary keeps the room of the most it ever had. Halved at a quarter, it costs each topic a few steps.</summary>
    private void Shrink()
    {
        if (_first.Capacity > SmallCapacity && _first.Count < _first.Capacity / 4)
        {
            _first.TrimExcess(_first.Capacity / 2);
        }
    }
}
