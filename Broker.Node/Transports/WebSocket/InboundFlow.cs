using Broker.Node.Delivery;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// How much a connection may send, and whether it is read now: only while there is room for what is on its way to the actor and the
/// lanes, so that a busy broker stops reading and TCP stops the publisher. Safe from any thread; a field of its connection.
/// </summary>
/// <param name="messageLimit">Bytes of a message before the connection is admitted.</param>
internal struct InboundFlow(int messageLimit)
{
    private Action? _resume;
    private int _messageLimit = messageLimit;
    private int _inFlight;
    private int _held;
    private bool _admitted;

    /// <summary>Message bytes on their way.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public int MessageLimit => Volatile.Read(ref _messageLimit);

    /// <summary>Before authentication, and for good on the echo endpoint: what follows a message stays unread until that is answered.</summary>
    public bool OneByOne => !Volatile.Read(ref _admitted);

    /// <summary>The sink waits to be resumed.</summary>
    public bool IsHeld => Volatile.Read(ref _held) != 0;

    public void Admit(int messageLimit)
    {
        Volatile.Write(ref _messageLimit, messageLimit);
        Volatile.Write(ref _admitted, true);
    }

    /// <summary>So many bytes more are on their way, or less.</summary>
    /// <returns>The change in <see cref="HeldSteps"/>.</returns>
    public int Add(int bytes)
    {
        var now = Interlocked.Add(ref _inFlight, bytes);
        return HeldSteps.Between(now - bytes, now);
    }

    /// <summary>
    /// For the sink, before it pulls. False: it waits to be resumed. The mark is set before the counts are read again, so
    /// that whoever makes room meanwhile sees it.
    /// </summary>
    public bool MayRead(ConnectionWriter writer, int bound)
    {
        if (HasRoom(writer, bound))
        {
            return true;
        }

        Interlocked.Exchange(ref _held, 1);
        return HasRoom(writer, bound) && Interlocked.Exchange(ref _held, 0) == 1;
    }

    /// <summary>Whoever has made room. True: the sink waits, and the caller is the one who resumes it.</summary>
    public bool TryLetGo(ConnectionWriter writer, int bound)
    {
        Interlocked.MemoryBarrier();
        return IsHeld && HasRoom(writer, bound) && Interlocked.Exchange(ref _held, 0) == 1;
    }

    /// <summary>Has the sink look again.</summary>
    public void Resume() => Volatile.Read(ref _resume)?.Invoke();

    /// <summary>Who does.</summary>
    public void OnResume(Action resume) => Volatile.Write(ref _resume, resume);

    /// <summary>The replies that wait count too: who does not read them asks for no more.</summary>
    private bool HasRoom(ConnectionWriter writer, int bound) => InFlight < (OneByOne ? 1 : bound) && writer.ControlLength < bound;
}
