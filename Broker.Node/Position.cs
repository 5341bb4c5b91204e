namespace Broker.Node;

/// <summary>A place in a sequenced topic, as clients see it too.</summary>
/// <param name="Epoch">Of the topic's present life, opaque: offsets of another epoch say nothing.</param>
/// <param name="Offset">1, 2, 3, …; 0: before the first message.</param>
public sealed record Position(string Epoch, long Offset);
