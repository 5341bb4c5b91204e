namespace Broker.Node.Rooms;

/// <summary>
/// What a lobby has heard of each node. It answers nobody before every node has named all its rooms of the kind, or <see cref="Patience"/> is over:
/// a lobby that began with an empty list would make rooms where there are free seats.
/// </summary>
/// <param name="begun">When the lobby began.</param>
internal sealed class LobbyHearing(TimeSpan begun)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Dictionary<uint, Feed> _feeds = [];
    private bool _knowsNodes;

    /// <summary>Stays as it is.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Nodes that have not named all yet.</summary>
    public IEnumerable<uint> Missing => _feeds.Where(static feed => !feed.Value.WasWhole).Select(static feed => feed.Key);

    public void Came(uint node) => _feeds.TryAdd(node, new Feed());

    public void Left(uint node) => _feeds.Remove(node);

    /// <summary>All nodes that are there have been named.</summary>
    public void KnowsNodes() => _knowsNodes = true;

    /// <summary>True once: from now on the lobby answers.</summary>
    public bool BecomesReady(TimeSpan now)
    {
        var becomes = !IsReady && ((_knowsNodes && !Missing.Any()) || now - begun >= Patience);
        IsReady |= becomes;
        return becomes;
    }

    /// <param name="shown">A batch.</param>
    /// <param name="becomesWhole">With it the node has named all its rooms since it began anew.</param>
    /// <returns>Whether it is the next batch of its node, to be looked at.</returns>
    public bool Take(RoomsShown shown, out bool becomesWhole)
    {
        becomesWhole = false;
        if (!_feeds.TryGetValue(shown.Node, out var feed))
        {
            return false;
        }

        if (shown.Feed > feed.Number && shown.Number == 1)
        {
            (feed.Number, feed.Last, feed.IsWhole) = (shown.Feed, 0, false);
        }

        if (shown.Feed != feed.Number || shown.Number != feed.Last + 1)
        {
            return false;
        }

        feed.Last++;
        becomesWhole = shown.IsWhole && !feed.IsWhole;
        feed.IsWhole |= shown.IsWhole;
        feed.WasWhole |= shown.IsWhole;
        return true;
    }

    /// <summary>What is told to a node; null: it is none.</summary>
    public (long Feed, long Last)? Of(uint node) => _feeds.TryGetValue(node, out var feed) ? (feed.Number, feed.Last) : null;

    private sealed class Feed
    {
        public long Number { get; set; }

        public long Last { get; set; }

        /// <summary>Since it was begun.</summary>
        public bool IsWhole { get; set; }

        /// <summary>This one, or one before.</summary>
        public bool WasWhole { get; set; }
    }
}
