using Akka.Actor;
using Akka.Event;

namespace Broker.Node.Connections;

/// <summary>What a connection's transport tells its actor, beside messages.</summary>
internal sealed class ConnectionSignal : IDeadLetterSuppression, INoSerializationVerificationNeeded
{
    /// <summary>The transport has ended.</summary>
    public static readonly ConnectionSignal Ended = new();

    /// <summary>The client's side took less than there was: it reads slowly.</summary>
    public static readonly ConnectionSignal Behind = new();

    /// <summary>A cursor lags over its bound.</summary>
    public static readonly ConnectionSignal Overrun = new();

    /// <summary>A message has begun and its end has not come with it.</summary>
    public static readonly ConnectionSignal MessageBegun = new();

    /// <summary>The last bytes have been queued: the answer to the peer's close, or this side's own.</summary>
    public static readonly ConnectionSignal Closing = new();

    private ConnectionSignal()
    {
    }
}
