using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Broker.Node.Hosting;

/// <summary>
/// Mailbox of actors by the ten thousand: an idle one takes 0.1 KiB. Akka's unbounded mailbox takes 1.1 KiB from its first
/// message on, for the first segment of a <see cref="System.Collections.Concurrent.ConcurrentQueue{T}"/>.
/// </summary>
internal sealed class CompactMailbox : MailboxType, IProducesMessageQueue<CompactMessageQueue>
{
    /// <summary>The constructor Akka looks for.</summary>
    public CompactMailbox(Settings settings, Config config)
        : base(settings, config)
    {
    }

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new CompactMessageQueue();
}
