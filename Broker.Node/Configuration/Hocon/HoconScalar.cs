namespace Broker.Node.Configuration.Hocon;

/// <summary>A string, number, switch or null, as it was written; what it means is decided when it is bound.</summary>
internal sealed class HoconScalar(HoconPosition position, string text, bool quoted) : HoconNode(position)
{
    public string Text { get; } = text;

    public bool Quoted { get; } = quoted;

    public bool IsNull => !Quoted && Text == "null";
}
