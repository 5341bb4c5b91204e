using Akka.Actor;

namespace Broker.Node.Hosting;

/// <summary>
/// Parent of everything the broker runs, so that it can live in an application's actor system. None of its children is restarted:
/// what a child held is lost with it.
/// </summary>
internal sealed class NodeActor : UntypedActor
{
    /// <summary>Name below <c>/user</c>, the same on every node.</summary>
    public const string Name = "broker";

    private readonly IEnumerable<INodePart> _parts;
    private readonly TaskCompletionSource _started;
    private readonly Action<string> _ended;

    /// <param name="parts">Start in this order.</param>
    /// <param name="started">Set when all parts are started, or fails with the first that could not be.</param>
    /// <param name="ended">Told the name of a child that has ended, while the node goes on.</param>
    public NodeActor(IEnumerable<INodePart> parts, TaskCompletionSource started, Action<string> ended) =>
        (_parts, _started, _ended) = (parts, started, ended);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Stop);

    protected override void PreStart()
    {
        try
        {
            foreach (var part in _parts)
            {
                part.Start(Context);
            }

            foreach (var child in Context.GetChildren())
            {
                Context.Watch(child);
            }

            _started.SetResult();
        }
        catch (Exception e)
        {
            _started.SetException(e);
            throw;
        }
    }

    protected override void OnReceive(object message)
    {
        if (message is Terminated terminated)
        {
            _ended(terminated.ActorRef.Path.Name);
        }
        else
        {
            Unhandled(message);
        }
    }
}
