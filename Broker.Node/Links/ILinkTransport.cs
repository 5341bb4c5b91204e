using Akka.Actor;
using Akka.Cluster.Tools.PublishSubscribe;

namespace Broker.Node.Links;

/// <summary>How what a <see cref="LinkSet"/> says gets to its counterparts.</summary>
internal interface ILinkTransport
{
    /// <summary>Envelopes, greetings and statements: one path, and so in order.</summary>
    /// <param name="topic">The mediator topic of the counterpart.</param>
    /// <param name="message">What is said.</param>
    void Publish(string topic, LinkMessage message);

    /// <summary>Acknowledgements and resend requests go to who spoke.</summary>
    void Answer(IActorRef speaker, LinkMessage message);
}

/// <summary>Over distributed pub/sub, for one actor; only that actor calls it.</summary>
internal sealed class MediatorTransport(IActorRef mediator, IActorRef self) : ILinkTransport
{
    public void Publish(string topic, LinkMessage message) => mediator.Tell(new Publish(topic, message), self);

    public void Answer(IActorRef speaker, LinkMessage message) => speaker.Tell(message, self);
}
