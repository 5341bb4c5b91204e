using Akka.Actor;
using Akka.Event;

namespace Broker.Node.Connections;

/// <summary>What a connection's stages and writer tell its actor, beside messages.</summary>
internal sealed class ConnectionSignal : IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    /// <summary>The socket is gone; the stages have ended.</summary>
    public static readonly ConnectionSignal Ended = new();

    /// <summary>The kernel took less than there was: the client reads slowly.</summary>
    public static readonly ConnectionSignal Behind = new();

    /// <summary>A cursor lags over its bound.</summary>
    public static readonly ConnectionSignal Overrun = new();

    /// <summary>A message has begun and its end has not come with it.</summary>
    public static readonly ConnectionSignal MessageBegun = new();

    /// <summary>The last frame has been queued: the answer to the peer's close, or this side's own.</summary>
    public static readonly ConnectionSignal Closing = new();

    private ConnectionSignal()
    {
    }
}
