namespace Broker.Node.Configuration.Hocon;

/// <summary>Keys in the order they were first written. Not thread-safe while it is built.</summary>
internal sealed class HoconObject(HoconPosition position) : HoconNode(position)
{
    private readonly OrderedDictionary<string, HoconNode> _members = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, HoconNode> Members => _members;

    public HoconNode? this[string key] => _members.GetValueOrDefault(key);

    /// <summary>Gives a key a value: objects merge, anything else replaces, what needs substitution is kept for later.</summary>
    public void Put(string key, HoconNode value) =>
        _members[key] = _members.TryGetValue(key, out var old) ? Combine(old, value) : value;

    /// <summary><see cref="Put(string, HoconNode)"/> below a path of at least one key.</summary>
    public void Put(IReadOnlyList<string> path, HoconNode value)
    {
        for (var i = path.Count - 1; i > 0; i--)
        {
            var parent = new HoconObject(value.Position);
            parent.Put(path[i], value);
            value = parent;
        }

        Put(path[0], value);
    }

    /// <summary>Moves the members of <paramref name="later"/> over those here; <paramref name="later"/> must not be used after.</summary>
    public void Merge(HoconObject later)
    {
        foreach (var (key, value) in later._members)
        {
            Put(key, value);
        }
    }

    /// <summary>Replaces a value without merging.</summary>
    public void Replace(string key, HoconNode value) => _members[key] = value;

    /// <summary>The value at a path of a resolved tree; null where there is none.</summary>
    public HoconNode? Find(params IReadOnlyList<string> path)
    {
        HoconNode? node = this;
        foreach (var key in path)
        {
            node = (node as HoconObject)?[key];
        }

        return node;
    }

    private static HoconNode Combine(HoconNode old, HoconNode value)
    {
        if (old is HoconObject earlier && value is HoconObject later)
        {
            earlier.Merge(later);
            return earlier;
        }

        if (!value.IsDeferred && !(old.IsDeferred && value is HoconObject))
        {
            return value;
        }

        var layers = old as HoconLayers ?? new HoconLayers(old);
        layers.Add(value);
        return layers;
    }
}
