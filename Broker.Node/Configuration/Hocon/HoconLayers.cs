namespace Broker.Node.Configuration.Hocon;

/// <summary>
/// The values one key was given, earliest first, where a later one cannot replace or merge with the earlier one
/// before substitution: <c>port = 1</c>, <c>port = ${?PORT}</c>.
/// </summary>
internal sealed class HoconLayers(params IEnumerable<HoconNode> values) : HoconNode(values.First().Position)
{
    private readonly List<HoconNode> _values = [.. values];

    public IReadOnlyList<HoconNode> Values => _values;

    public override bool IsDeferred => true;

    /// <summary>Puts a value over the others; objects that follow each other become one, in place.</summary>
    public void Add(HoconNode value)
    {
        if (value is HoconLayers layers)
        {
            foreach (var layer in layers._values)
            {
                Add(layer);
            }
        }
        else if (value is HoconObject later && _values[^1] is HoconObject earlier)
        {
            earlier.Merge(later);
        }
        else
        {
            _values.Add(value);
        }
    }
}
