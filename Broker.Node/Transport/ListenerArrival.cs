using System.Net.Sockets;

namespace Broker.Node.Transport;

/// <summary>What the threads beside a <see cref="ListenerLogic"/> bring to it.</summary>
internal abstract record ListenerArrival
{
    public sealed record Accepted(Socket Socket) : ListenerArrival;

    public sealed record AcceptFailed(Exception Error) : ListenerArrival;

    public sealed record Opened(AcceptedConnection Connection) : ListenerArrival;

    public sealed record HandshakeFailed(string Failure) : ListenerArrival;
}
