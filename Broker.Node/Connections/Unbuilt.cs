using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// What the protocol defines and this version does not do (PROTOCOL.md, "Not built yet"). Whoever asks for it is told so whatever else
/// the request has: a missing key would send the author of a client to look for a fault where none is.
/// </summary>
internal static class Unbuilt
{
    /// <summary>A subscription to a pattern is live only.</summary>
    private const RequestKey OfPattern = RequestKey.Last | RequestKey.Presence | RequestKey.Recover;

    /// <summary>False also where the <c>id</c> is none: that is a fault of any message.</summary>
    public static bool IsAskedBy(in ClientMessage message)
    {
        if ((message.Asked & RequestKey.Id) != 0 && !message.Id.IsPresent)
        {
            return false;
        }

        return message.Type switch
        {
            ClientMessageType.Subscribe => TopicPattern.HasWildcard(message.Topic.Span) && (message.Asked & OfPattern) != 0,
            ClientMessageType.Unknown or ClientMessageType.Auth or ClientMessageType.Unsubscribe or ClientMessageType.Publish or ClientMessageType.History or ClientMessageType.Presence or ClientMessageType.Ping => false,
            _ => true,
        };
    }
}
