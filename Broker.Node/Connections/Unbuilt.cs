using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// What the protocol defines and this version does not do (PROTOCOL.md, "Not built yet"). Whoever asks for it is told so whatever else
/// the request has: a missing key would send the author of a client to look for a fault where none is.
/// </summary>
internal static class Unbuilt
{
    private const RequestKey OfSubscribe = RequestKey.Last | RequestKey.Presence;
    private const RequestKey OfPattern = OfSubscribe | RequestKey.Recover;
    private const RequestKey OfPublish = RequestKey.Key | RequestKey.Entry | RequestKey.Remove | RequestKey.If;

    /// <summary>False also where the <c>id</c> is none: that is a fault of any message.</summary>
    public static bool IsAskedBy(in ClientMessage message)
    {
        if ((message.Asked & RequestKey.Id) != 0 && !message.Id.IsPresent)
        {
            return false;
        }

        return message.Type switch
        {
            ClientMessageType.Unknown or ClientMessageType.Auth or ClientMessageType.Unsubscribe or ClientMessageType.Ping => false,
            ClientMessageType.Subscribe => (message.Asked & (TopicPattern.HasWildcard(message.Topic.Span) ? OfPattern : OfSubscribe)) != 0,
            ClientMessageType.Publish => (message.Asked & OfPublish) != 0,
            _ => true,
        };
    }
}
