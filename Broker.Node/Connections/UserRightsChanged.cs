using Akka.Actor;
using Akka.Event;

namespace Broker.Node.Connections;

/// <summary>Asks a connection's actor to look at what the application has said about its user.</summary>
internal sealed class UserRightsChanged : IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    public static readonly UserRightsChanged Instance = new();

    private UserRightsChanged()
    {
    }
}
