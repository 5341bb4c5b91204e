namespace Broker.Node.Configuration.Hocon;

internal sealed class HoconArray(HoconPosition position) : HoconNode(position)
{
    public List<HoconNode> Items { get; } = [];
}
