namespace Broker.Node.Topics;

/// <summary>
/// What belongs to patterns, found by a topic's name: a tree with a level for each token, of which a search visits only what the
/// name can match. A pattern matches as <see cref="TopicPattern.Matches"/> says. Not thread-safe; a search allocates nothing.
/// </summary>
internal sealed class PatternTree<T>
    where T : class
{
    private readonly Node _root = new();

    /// <summary>Patterns in it.</summary>
    public int Count { get; private set; }

    /// <param name="pattern">A legal pattern, or a name, which matches itself.</param>
    /// <param name="value">Takes the place of the pattern's former one.</param>
    public void Set(ReadOnlySpan<byte> pattern, T value)
    {
        var node = _root;
        while (!pattern.IsEmpty)
        {
            var token = TopicPattern.Take(ref pattern);
            if (token[0] == (byte)'>')
            {
                Count += node.Tail is null ? 1 : 0;
                node.Tail = value;
                return;
            }

            node = node.ChildOrNew(token);
        }

        Count += node.Value is null ? 1 : 0;
        node.Value = value;
    }

    /// <summary>Nothing happens where the pattern is not in it.</summary>
    public void Remove(ReadOnlySpan<byte> pattern) => Remove(_root, pattern);

    /// <summary>Adds what belongs to the patterns that match.</summary>
    /// <param name="topic">A legal name; a reserved one is matched by nothing.</param>
    /// <param name="found">Is added to, in no particular order.</param>
    public void Find(ReadOnlySpan<byte> topic, List<T> found)
    {
        if (!topic.IsEmpty && !TopicName.IsReserved(topic))
        {
            Find(_root, topic, found);
        }
    }

    /// <summary>Calls itself once for each token of the name, twice where a wildcard stands beside the token.</summary>
    private static void Find(Node node, ReadOnlySpan<byte> rest, List<T> found)
    {
        if (rest.IsEmpty)
        {
            Add(node.Value, found);
            return;
        }

        Add(node.Tail, found);
        var token = TopicPattern.Take(ref rest);
        if (node.Any is { } any)
        {
            Find(any, rest, found);
        }

        if (node.Child(token) is { } child)
        {
            Find(child, rest, found);
        }
    }

    private static void Add(T? value, List<T> found)
    {
        if (value is not null)
        {
            found.Add(value);
        }
    }

    private void Remove(Node node, ReadOnlySpan<byte> pattern)
    {
        if (pattern.IsEmpty)
        {
            Count -= node.Value is null ? 0 : 1;
            node.Value = null;
            return;
        }

        var token = TopicPattern.Take(ref pattern);
        if (token[0] == (byte)'>')
        {
            Count -= node.Tail is null ? 0 : 1;
            node.Tail = null;
        }
        else if (node.Child(token) is { } child)
        {
            Remove(child, pattern);
            node.DropIfEmpty(token, child);
        }
    }

    private sealed class Node
    {
        private Dictionary<byte[], Node>? _tokens;

        /// <summary>Of <c>*</c>.</summary>
        public Node? Any { get; private set; }

        /// <summary>Of the pattern that ends here.</summary>
        public T? Value { get; set; }

        /// <summary>Of the pattern that ends here with <c>&gt;</c>.</summary>
        public T? Tail { get; set; }

        private bool IsEmpty => Any is null && Value is null && Tail is null && _tokens is null;

        /// <summary>A name has no token <c>*</c>, so what a name's token finds is that token's own.</summary>
        public Node? Child(ReadOnlySpan<byte> token)
        {
            if (IsAny(token))
            {
                return Any;
            }

            return _tokens is not null && _tokens.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(token, out var child) ? child : null;
        }

        public Node ChildOrNew(ReadOnlySpan<byte> token)
        {
            if (Child(token) is { } child)
            {
                return child;
            }

            child = new Node();
            if (IsAny(token))
            {
                Any = child;
            }
            else
            {
                _tokens ??= new Dictionary<byte[], Node>(TopicKeyComparer.Instance);
                _tokens.Add(token.ToArray(), child);
            }

            return child;
        }

        public void DropIfEmpty(ReadOnlySpan<byte> token, Node child)
        {
            if (!child.IsEmpty)
            {
                return;
            }

            if (IsAny(token))
            {
                Any = null;
            }
            else if (_tokens!.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(token) && _tokens.Count == 0)
            {
                _tokens = null;
            }
        }

        private static bool IsAny(ReadOnlySpan<byte> token) => token is [(byte)'*'];
    }
}
