namespace Broker.Node.Configuration.Hocon;

/// <summary>Where a value was written: a file and its line, or the name of an environment variable or flag with line 0.</summary>
internal readonly record struct HoconPosition(string File, int Line)
{
    public override string ToString() => Line > 0 ? $"{File}:{Line}" : File;
}
