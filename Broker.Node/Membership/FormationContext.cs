using Akka.Actor;

namespace Broker.Node.Membership;

/// <summary>What <see cref="FormationActor"/> acts on. Called on its thread; nothing of it blocks.</summary>
/// <param name="Serves">Whether this node serves clients.</param>
/// <param name="Probe">Whether something listens at an address.</param>
/// <param name="Join">Joins the node at an address, which may be this one.</param>
/// <param name="Founding">Takes what is missing before this node's cluster may serve; "": nothing.</param>
/// <param name="Waiting">Tells people which seeds the node waits for, and which of all seeds is the first.</param>
/// <param name="Pair">Tells people what a cluster of two does without the other.</param>
/// <param name="End">Ends the node, for a reason, before it returns: nothing is promised any more.</param>
internal sealed record FormationContext(
    Func<bool> Serves,
    Func<Address, Task<SeedAnswer>> Probe,
    Action<Address> Join,
    Action<string> Founding,
    Action<string, string> Waiting,
    Action Pair,
    Action<string> End);
