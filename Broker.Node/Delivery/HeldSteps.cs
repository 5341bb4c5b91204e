namespace Broker.Node.Delivery;

/// <summary>
/// Bytes rounded down to steps: what a connection holds is told to <c>OpenConnections</c> where a step is passed, or every
/// small message would change a number that all connections share.
/// </summary>
internal static class HeldSteps
{
    public const int Size = 4 * 1024;

    public static int Between(int before, int now) => (now / Size * Size) - (before / Size * Size);
}
