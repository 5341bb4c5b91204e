namespace Broker.Node.Configuration.Options;

/// <summary>Speed against size, as .NET names it.</summary>
public enum DeflateLevel
{
    Fastest,
    Optimal,
    Smallest,
}
