using Akka.Actor;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>What a connection's actor knows of the transport that its client came by. Safe from any thread unless said.</summary>
/// <remarks>
/// A transport gives its <see cref="Writer"/> a <see cref="MessageFraming"/>, an <see cref="IDirectTransport"/> and somebody who goes on
/// where that takes no more. The actor, once it has started, gets a <see cref="MessageBatch"/> for what came from the client, and a
/// <c>ConnectionSignal</c> when it is behind, begins a message that does not end, is over its bound, is about to be closed, or has ended.
/// </remarks>
internal interface IClientTransport
{
    long Id { get; }

    /// <summary>Who it is, and what was asked for; set before the actor is started.</summary>
    UpgradedRequest? Request { get; }

    /// <summary>Sends.</summary>
    ConnectionWriter Writer { get; }

    /// <summary>What the log says beside the reason of the end, in printable ASCII. Set before it is closed, by its actor.</summary>
    string EndDetail { get; set; }

    /// <summary>How often something must be sent to the client, if nothing else asks for more.</summary>
    TimeSpan LongestSilence => TimeSpan.MaxValue;

    /// <summary>Timestamp of the last bytes received; any byte counts as life.</summary>
    long LastReceived { get; }

    /// <summary>Timestamp at which the message now being received began; 0: none is.</summary>
    long MessageBegun { get; }

    /// <summary>Whether this side has stopped reading: the peer's silence means nothing then.</summary>
    bool ReadingHeld { get; }

    /// <summary>What the client has taken: as its kernel says, or else what this side's transport has.</summary>
    OutputProgress Output { get; }

    /// <summary>Whether the client has not taken everything there is for it.</summary>
    bool IsBehind { get; }

    /// <summary>Message bytes that the actor or a lane has not done with.</summary>
    int InFlight { get; }

    /// <summary>The actor has sent its welcome and is ready for messages. False: the connection has ended already.</summary>
    bool TryStart(IActorRef actor);

    /// <summary>The connection has an identity: it may send messages of this size, and many at once.</summary>
    void Admit(int messageLimit);

    /// <summary>Asks for a sign of life; where the transport can, the answer tells the round trip.</summary>
    void Ping();

    /// <summary>Closes for a reason of this side's: counts and logs it, and tells the client. The first close is the only one.</summary>
    /// <param name="reason">Told to the client.</param>
    /// <param name="after">When it may come back.</param>
    void Close(DisconnectReason reason, TimeSpan after);

    /// <summary>The peer does not answer: counts and logs that, and ends the connection without another byte.</summary>
    void Cut();

    /// <summary>Ends the connection without another byte.</summary>
    void Abort();
}
