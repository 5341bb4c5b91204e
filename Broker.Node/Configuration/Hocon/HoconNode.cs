namespace Broker.Node.Configuration.Hocon;

/// <summary>
/// A value of a configuration tree. A tree that was only read may hold <see cref="HoconSubstitution"/>,
/// <see cref="HoconJoin"/> and <see cref="HoconLayers"/>; <see cref="HoconResolver"/> leaves objects, arrays and scalars.
/// </summary>
internal abstract class HoconNode(HoconPosition position)
{
    public HoconPosition Position { get; } = position;

    /// <summary>Whether the value is known only after substitution.</summary>
    public virtual bool IsDeferred => false;
}

/// <summary>Where a value was written: a file and its line, or the name of an environment variable or flag with line 0.</summary>
internal readonly record struct HoconPosition(string File, int Line)
{
    public override string ToString() => Line > 0 ? $"{File}:{Line}" : File;
}

/// <summary>A string, number, switch or null, as it was written; what it means is decided when it is bound.</summary>
internal sealed class HoconScalar(HoconPosition position, string text, bool quoted) : HoconNode(position)
{
    public string Text { get; } = text;

    public bool Quoted { get; } = quoted;

    public bool IsNull => !Quoted && Text == "null";
}

internal sealed class HoconArray(HoconPosition position) : HoconNode(position)
{
    public List<HoconNode> Items { get; } = [];
}

/// <summary><c>${path}</c> or <c>${?path}</c>.</summary>
/// <param name="position">Where it stands.</param>
/// <param name="path">Keys from the root of the tree, or from <paramref name="prefix"/>, which is tried first.</param>
/// <param name="optional">Whether nothing may be there.</param>
/// <param name="prefix">Where the file it stands in was included.</param>
internal sealed class HoconSubstitution(HoconPosition position, IReadOnlyList<string> path, bool optional, IReadOnlyList<string> prefix) : HoconNode(position)
{
    public IReadOnlyList<string> Path { get; } = path;

    public bool Optional { get; } = optional;

    public IReadOnlyList<string> Prefix { get; } = prefix;

    public string Name => string.Join('.', Path);

    public override bool IsDeferred => true;
}

/// <summary>Strings and substitutions written beside each other, to be joined into one string.</summary>
internal sealed class HoconJoin(HoconPosition position, IReadOnlyList<HoconNode> parts) : HoconNode(position)
{
    public IReadOnlyList<HoconNode> Parts { get; } = parts;

    public override bool IsDeferred => true;
}
