using System.Text;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Node.Hosting.Application;

/// <summary>Positions, as the application gets them and gives them back: the epoch is the text that clients get.</summary>
internal static class Positions
{
    public static Position ToPublic(this TopicPosition position)
    {
        var wire = position.ToWire();
        return new Position(Encoding.ASCII.GetString(wire.Epoch.Span), wire.Offset);
    }

    public static TopicPosition ToInternal(this Position position) =>
        TopicEpoch.FromWire(new WirePosition(Encoding.UTF8.GetBytes(position.Epoch), position.Offset));
}
