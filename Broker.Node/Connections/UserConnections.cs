using System.Collections.Immutable;
using Akka.Actor;

namespace Broker.Node.Connections;

/// <summary>The actors of one user's connections on this node: few, and most users have one. Thread-safe.</summary>
internal sealed class UserConnections
{
    private ImmutableArray<IActorRef> _actors = [];

    public void Add(IActorRef connection) => ImmutableInterlocked.Update(ref _actors, static (actors, one) => actors.Add(one), connection);

    public void Remove(IActorRef connection) => ImmutableInterlocked.Update(ref _actors, static (actors, one) => actors.Remove(one), connection);

    public void Tell(object message)
    {
        // Copied by one read: whoever comes meanwhile looks for itself.
        foreach (var connection in ImmutableInterlocked.InterlockedCompareExchange(ref _actors, default, default))
        {
            connection.Tell(message, ActorRefs.NoSender);
        }
    }
}
