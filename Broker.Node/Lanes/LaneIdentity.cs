namespace Broker.Node.Lanes;

/// <summary>One life of a lane on a node.</summary>
/// <remarks>
/// Lane: 0 .. Lanes - 1.
/// Node: uid of the node.
/// Incarnation: from 1; a lane that failed is followed by the next.
/// </remarks>
internal sealed record LaneIdentity(int Lane, int Lanes, uint Node, long Incarnation)
{
    /// <summary>The mediator topic that the lane subscribes to for life.</summary>
    public string Topic => TopicOf(Node);

    /// <summary>The mediator topic of this lane's counterpart on another node.</summary>
    public string TopicOf(uint node) => $"lane.{Lane}.{node}";
}
