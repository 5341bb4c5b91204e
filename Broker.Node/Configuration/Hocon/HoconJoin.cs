namespace Broker.Node.Configuration.Hocon;

/// <summary>Strings and substitutions written beside each other, to be joined into one string.</summary>
internal sealed class HoconJoin(HoconPosition position, IReadOnlyList<HoconNode> parts) : HoconNode(position)
{
    public IReadOnlyList<HoconNode> Parts { get; } = parts;

    public override bool IsDeferred => true;
}
