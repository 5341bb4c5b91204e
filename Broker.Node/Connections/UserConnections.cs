using System.Collections.Concurrent;
using Akka.Actor;

namespace Broker.Node.Connections;

/// <summary>The actors of one user's connections on this node. Thread-safe.</summary>
internal sealed class UserConnections
{
    private readonly ConcurrentDictionary<IActorRef, ValueTuple> _actors = new();

    public void Add(IActorRef connection) => _actors.TryAdd(connection, default);

    public void Remove(IActorRef connection) => _actors.TryRemove(connection, out _);

    public void Tell(object message)
    {
        foreach (var connection in _actors.Keys)
        {
            connection.Tell(message, ActorRefs.NoSender);
        }
    }
}
