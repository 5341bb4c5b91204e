namespace Broker.Node.Configuration.Hocon;

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
