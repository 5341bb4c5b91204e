namespace Broker.Node.Configuration.Options;

/// <summary><c>broker.rate.per</c>: who shares one bucket.</summary>
public enum RateScope
{
    Connection,
    User,
}
