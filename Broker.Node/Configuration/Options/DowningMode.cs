namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.cluster.downing</c>: who goes on when nodes cannot reach each other.</summary>
public enum DowningMode
{
    /// <summary>The larger part; of two equal ones that with the lowest address.</summary>
    Majority,

    /// <summary>As <see cref="Majority"/> from three members on; of two whoever still runs, which after a cut may be both.</summary>
    Survivor,
}
