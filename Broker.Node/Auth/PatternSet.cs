using System.Collections.Immutable;
using Broker.Node.Topics;

namespace Broker.Node.Auth;

/// <summary>A set of topic patterns, matched without allocation: plain names by hash, wildcards one by one.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class PatternSet
{
    public static readonly PatternSet Empty = new([]);

    private readonly ImmutableArray<TopicPattern> _all;
    private readonly TopicPattern[] _wildcards;
    private readonly HashSet<byte[]>? _names;

    public PatternSet(ImmutableArray<TopicPattern> patterns)
    {
        _all = patterns;
        _wildcards = [.. patterns.Where(static p => !p.IsName)];
        if (_wildcards.Length < patterns.Length)
        {
            _names = new HashSet<byte[]>(
                patterns.Where(static p => p.IsName).Select(static p => p.Utf8.ToArray()), TopicKeyComparer.Instance);
        }
    }

    public bool Matches(ReadOnlySpan<byte> topic)
    {
        if (_names is not null && _names.GetAlternateLookup<ReadOnlySpan<byte>>().Contains(topic))
        {
            return true;
        }

        foreach (var pattern in _wildcards)
        {
            if (pattern.Matches(topic))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether one member alone covers the pattern.</summary>
    public bool Covers(TopicPattern pattern) => _all.Any(member => member.Covers(pattern));

    public bool Overlaps(TopicPattern pattern) => _all.Any(member => member.Overlaps(pattern));

    public PatternSet With(TopicPattern pattern) => new(_all.Add(pattern));
}
