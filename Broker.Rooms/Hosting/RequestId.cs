namespace Broker.Rooms.Hosting;

/// <summary>Names a request of a client or a node, so that it is answered once; the default names none, and nothing is answered.</summary>
/// <param name="Origin">Who counts.</param>
/// <param name="Number">Within the origin.</param>
public readonly record struct RequestId(ulong Origin, ulong Number)
{
    public bool IsNone => this == default;
}
