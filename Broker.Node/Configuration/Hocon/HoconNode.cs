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
