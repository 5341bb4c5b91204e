using Broker.Node.Delivery;
using Broker.Node.Diagnostics;

namespace Broker.Node.Transports.Sessions;

/// <summary>How a session's messages reach its client: a response that does not end, or one for each poll. Thread-safe.</summary>
/// <remarks>What the holder of the session's writer sends are whole messages in <see cref="LengthFraming"/>; all of a chunk is taken, or nothing.</remarks>
internal interface ISessionOutlet : IDirectTransport
{
    ClientTransport Kind { get; }

    /// <summary>How often something must go out.</summary>
    TimeSpan LongestSilence { get; }

    /// <summary>What the client's machine has taken; null: the kernel does not tell, or cannot.</summary>
    OutputProgress? Taken { get; }

    /// <summary>Whether the client has shown without a request of its own that it is there.</summary>
    bool IsHeard();

    /// <summary>Asks for a sign of life.</summary>
    void Ping();

    /// <summary>The next messages, for a client that asks for them.</summary>
    /// <param name="request">A poll.</param>
    /// <param name="gone">Nobody waits for the answer.</param>
    Task<SessionAnswer> PollAsync(SessionRequest request, CancellationToken gone) =>
        Task.FromResult(SessionAnswer.Refused(409, "The messages of this session come by its stream."));

    /// <summary>Nobody waits for a poll any more.</summary>
    void Forget(long poll)
    {
    }

    /// <summary>The session has ended: nothing comes any more.</summary>
    /// <param name="isComplete">All there was has been taken.</param>
    void End(bool isComplete);
}
