using Akka.Actor;
using Akka.Event;
using Broker.Node.Sequenced;

namespace Broker.Node.Connections;

/// <summary>Asks a connection's actor to look at what the application has said about its user.</summary>
internal sealed class UserRightsChanged : IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    public static readonly UserRightsChanged Instance = new();

    private UserRightsChanged()
    {
    }
}

/// <summary>Asks a connection's actor to do what the application wants of all connections of its user.</summary>
internal sealed record UserOrdered(UserOrder Order) : IDeadLetterSuppression, INoSerializationVerificationNeeded;
