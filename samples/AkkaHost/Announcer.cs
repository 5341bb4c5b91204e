using Akka.Actor;
using Broker.Node;

namespace AkkaHost;

/// <summary>Publishes the texts that it gets, numbered, and answers with what became of each.</summary>
internal sealed class Announcer : ReceiveActor
{
    private int _count;

    public Announcer(IBroker broker) => Receive<string>(text =>
        broker.PublishAsync("news", new { text, number = ++_count }).PipeTo(Sender));
}
