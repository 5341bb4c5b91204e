using Broker.Node.Sequenced;

namespace Broker.Node.Rooms;

/// <summary>
/// What a lobby wants its kind's topic to keep for clients that watch it, and what is kept there. A change that was not taken is made again. Not thread-safe.
/// </summary>
/// <remarks>
/// A room for which the topic has no place is left out until it changes, or until another goes. Where the topic has lost what it kept, or another
/// lobby has written it before this one began, what is kept must be read (<see cref="Begin"/>): it may name rooms that are no more.
/// </remarks>
internal sealed class ListedRooms
{
    /// <summary>Changes whose outcome is not known yet.</summary>
    public const int MostUnderWay = 256;

    private readonly Dictionary<string, byte[]> _wanted = new(StringComparer.Ordinal);

    /// <summary>Empty: something that is not known.</summary>
    private readonly Dictionary<string, byte[]> _kept = new(StringComparer.Ordinal);
    private readonly Queue<string> _due = new();
    private readonly HashSet<string> _isDue = new(StringComparer.Ordinal);
    private readonly HashSet<string> _underWay = new(StringComparer.Ordinal);
    private readonly Queue<string> _leftOut = new();
    private TopicPosition _life;

    /// <summary>What is kept has been read.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether it matters what is kept.</summary>
    public bool IsEmpty => _wanted.Count == 0 && _kept.Count == 0;

    /// <param name="room">Id of the room.</param>
    /// <param name="data">As clients see it; null: they see it no more.</param>
    public void Set(string room, byte[]? data)
    {
        if (data is null)
        {
            _wanted.Remove(room);
        }
        else
        {
            _wanted[room] = data;
        }

        Add(room);
    }

    /// <param name="life">Where the topic is; only which life of the topic that is counts.</param>
    /// <param name="rooms">That are kept.</param>
    public void Begin(TopicPosition life, IEnumerable<string> rooms)
    {
        (HasBegun, _life) = (true, life);
        _kept.Clear();
        foreach (var room in rooms)
        {
            _kept[room] = [];
            Add(room);
        }

        foreach (var room in _wanted.Keys)
        {
            Add(room);
        }
    }

    /// <summary>Where the topic is now.</summary>
    /// <returns>False: that is another life, and what is kept must be read.</returns>
    public bool Confirm(TopicPosition position) => HasBegun &= IsSameLife(position);

    /// <summary>The next change that is to be made; null: none, or too many are under way.</summary>
    public (string Room, byte[]? Data)? Next()
    {
        while (HasBegun && _underWay.Count < MostUnderWay && _due.TryDequeue(out var room))
        {
            _isDue.Remove(room);
            var wanted = _wanted.GetValueOrDefault(room);
            var kept = _kept.GetValueOrDefault(room);
            var isRight = wanted is null ? kept is null : kept is not null && wanted.AsSpan().SequenceEqual(kept);
            if (!isRight && _underWay.Add(room))
            {
                return (room, wanted);
            }
        }

        return null;
    }

    /// <summary>What became of a change.</summary>
    /// <param name="room">Id of the room.</param>
    /// <param name="data">What it was.</param>
    /// <param name="result">Of the publish.</param>
    /// <param name="position">Where it is.</param>
    /// <returns>False: what is kept must be read.</returns>
    public bool Done(string room, byte[]? data, PublishResult result, TopicPosition position)
    {
        _underWay.Remove(room);
        if (result == PublishResult.LimitExceeded && ReferenceEquals(_wanted.GetValueOrDefault(room), data))
        {
            _leftOut.Enqueue(room);
            return true;
        }

        Add(room);
        if (result != PublishResult.Published)
        {
            return true;
        }

        Keep(room, data);
        if (data is null && _leftOut.TryDequeue(out var next))
        {
            Add(next);
        }

        // The first publish of all begins the topic.
        _life = _life.Birth == 0 ? position : _life;
        return Confirm(position);
    }

    private void Keep(string room, byte[]? data)
    {
        if (data is null)
        {
            _kept.Remove(room);
        }
        else
        {
            _kept[room] = data;
        }
    }

    private bool IsSameLife(TopicPosition position) => (position.Epoch, position.Birth) == (_life.Epoch, _life.Birth);

    private void Add(string room)
    {
        if (_isDue.Add(room))
        {
            _due.Enqueue(room);
        }
    }
}
