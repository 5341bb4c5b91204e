using Akka.Actor;

namespace Broker.Node.Hosting;

/// <summary>A module with actors. Modules start in the order in which they are registered, and end with the actor system.</summary>
internal interface INodePart
{
    /// <summary>Called once, on the thread of the node's actor, which is the parent of the module's actors.</summary>
    void Start(IActorContext node);
}
