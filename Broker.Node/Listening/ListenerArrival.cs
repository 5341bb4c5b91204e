using System.Net.Sockets;

namespace Broker.Node.Listening;

/// <summary>What the threads beside a <see cref="ListenerLogic"/> bring to it.</summary>
internal abstract record ListenerArrival
{
    public sealed record Accepted(Socket Socket) : ListenerArrival;

    public sealed record AcceptFailed(Exception Error) : ListenerArrival;

    public sealed record Opened(AcceptedConnection Connection) : ListenerArrival;

    /// <summary>Counted and logged where it failed.</summary>
    /// <param name="Fault">Of this side, logged by the listener; null: the client's.</param>
    public sealed record HandshakeFailed(Exception? Fault = null) : ListenerArrival;
}
