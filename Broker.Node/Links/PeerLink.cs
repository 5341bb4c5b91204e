using Broker.Node.Configuration.Options;

namespace Broker.Node.Links;

/// <summary>
/// Both directions between an owner here (a lane) and its counterpart on one peer: greeting, numbering, acknowledgement, skip,
/// goodbye. Decides only; its owner sends. Pure; not thread-safe.
/// </summary>
/// <remarks>
/// Greeting: each side repeats its hello until the welcome comes. A hello heard makes this side keep envelopes for the peer;
/// an answer to the own hello, or any acknowledgement, proves that the peer is reached and makes it send. A skipped or
/// unreachable peer goes back to the greeting, so that a welcome of the present number brings it back.
/// An owned link says nothing until its first entry, or the peer's hello; it is never skipped.
/// </remarks>
/// <param name="peer">Uid of the peer's node.</param>
/// <param name="kind">Which of the two links with that peer.</param>
/// <param name="next">First number: 1, or higher where this owner has published without the peer.</param>
/// <param name="options">Window and envelope size.</param>
internal sealed class PeerLink(uint peer, LinkKind kind, long next, LaneOptions options)
{
    public static readonly TimeSpan HelloInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan SlowHelloInterval = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan StatementInterval = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan StalledStatementInterval = TimeSpan.FromMilliseconds(200);
    private const int QuickHellos = 30;

    private TimeSpan _nextHello;
    private TimeSpan _nextGoodbye;
    private TimeSpan _spoke;
    private int _hellos;
    private bool _leaving;
    private bool _goodbyeAcknowledged;

    public uint Peer { get; } = peer;

    public LinkKind Kind { get; } = kind;

    public OutgoingLink Outgoing { get; } = new(next, options.Window, options.Envelope, kind);

    public IncomingLink Incoming { get; } = new();

    /// <summary>The peer's incarnation; 0 until it was heard.</summary>
    public long Incarnation { get; private set; }

    /// <summary>Nothing was offered or heard on this owned link yet: nothing is said either.</summary>
    public bool IsDormant { get; private set; } = kind == LinkKind.Owned;

    public bool IsReachable { get; private set; } = true;

    /// <summary>The peer is leaving: it has no clients to send to any more.</summary>
    public bool IsDeparted { get; private set; }

    /// <summary>The peer speaks another protocol: there is no link with it.</summary>
    public bool IsRefused { get; private set; }

    public bool HelloHeard { get; private set; }

    public bool HelloAnswered { get; private set; }

    /// <summary>Hellos were answered both ways.</summary>
    public bool IsReady => HelloHeard && HelloAnswered;

    /// <summary>Nothing more to say before the end: the goodbye is acknowledged, or the peer cannot hear it.</summary>
    public bool IsFarewellDone => IsDormant || _goodbyeAcknowledged || !IsReachable || IsDeparted || IsRefused || Incarnation == 0;

    /// <summary>It has to be looked at in short intervals.</summary>
    public bool IsBusy => (WantsHello && _hellos < QuickHellos) || Outgoing.InFlight > 0 || (_leaving && !IsFarewellDone);

    private bool WantsHello => !IsDormant && !HelloAnswered && MaySend;

    private bool MaySend => IsReachable && !IsDeparted && !IsRefused && !_leaving;

    /// <summary>Whether an owned link takes an entry now. The first one opens it: it is kept while the peer is greeted.</summary>
    public bool Admits(TimeSpan now, bool isBulk)
    {
        if (IsDormant && MaySend)
        {
            IsDormant = false;
            Greet(now);
            Outgoing.Keep();
        }

        return isBulk ? Outgoing.AcceptsBulk : Outgoing.Accepts;
    }

    /// <summary>Null: from a past incarnation, to be ignored. Otherwise answer with a welcome.</summary>
    public Arrival? OnHello(long incarnation, long lowest)
    {
        if (!TryMeet(incarnation, out var gap))
        {
            return null;
        }

        HelloHeard = true;
        IsDormant = false;
        if (MaySend)
        {
            Outgoing.Keep();
        }

        return Incoming.Position(lowest) is var arrival && gap ? arrival with { Gap = true } : arrival;
    }

    /// <summary>Null: to be ignored. Otherwise acknowledge, so that the peer knows that it reaches this side.</summary>
    public Arrival? OnWelcome(long incarnation, long lowest)
    {
        if (!TryMeet(incarnation, out var gap))
        {
            return null;
        }

        if (MaySend)
        {
            HelloAnswered = true;
            Outgoing.Open();
        }

        return Incoming.Position(lowest) is var arrival && gap ? arrival with { Gap = true } : arrival;
    }

    /// <summary>Null: to be ignored.</summary>
    public Arrival? OnEnvelope(long incarnation, long number, long lowest)
    {
        if (!TryMeet(incarnation, out var gap))
        {
            return null;
        }

        var arrival = Incoming.Envelope(number, lowest);
        return gap ? arrival with { Gap = true } : arrival;
    }

    /// <summary>Null: to be ignored.</summary>
    public Arrival? OnStatement(long incarnation, long last, long lowest, bool goodbye)
    {
        if (!TryMeet(incarnation, out var gap))
        {
            return null;
        }

        var arrival = Incoming.Statement(last, lowest);
        if (goodbye)
        {
            Incoming.Goodbye(last);
            if (Incoming.IsComplete)
            {
                Depart();
            }
        }

        return gap ? arrival with { Gap = true } : arrival;
    }

    public void OnAck(long incarnation, long number, bool goodbye)
    {
        if (incarnation != Incarnation)
        {
            return;
        }

        if (Outgoing.State == LinkState.Keeping)
        {
            Outgoing.Open();
        }

        Outgoing.Acknowledge(number);
        _goodbyeAcknowledged |= goodbye && _leaving;
    }

    /// <summary>The envelopes to send again.</summary>
    public IEnumerable<Parcel> OnResend(long incarnation, long number) =>
        incarnation == Incarnation ? Outgoing.SentFrom(number) : [];

    /// <summary>An envelope was sent: no statement is due for a while.</summary>
    public void Spoke(TimeSpan now) => _spoke = now;

    /// <summary>What is due now; it counts as said.</summary>
    public LinkDue Due(TimeSpan now)
    {
        var due = LinkDue.None;
        if (WantsHello && now >= _nextHello)
        {
            _nextHello = now + (++_hellos < QuickHellos ? HelloInterval : SlowHelloInterval);
            due |= LinkDue.Hello;
        }

        var interval = Outgoing.InFlight > 0 ? StalledStatementInterval : StatementInterval;
        if (Outgoing.State == LinkState.Open && now - _spoke >= interval)
        {
            _spoke = now;
            due |= LinkDue.Statement;
        }

        if (_leaving && !IsFarewellDone && Outgoing.IsFlushed && now >= _nextGoodbye)
        {
            _nextGoodbye = now + HelloInterval;
            due |= LinkDue.Goodbye;
        }

        return due;
    }

    /// <summary>Gives up what is kept, goes on counting, and greets again in a while. Returns the messages given up.</summary>
    public int Skip(TimeSpan now)
    {
        Greet(now + SlowHelloInterval);
        return Outgoing.Close();
    }

    /// <summary>Like <see cref="Skip"/>, and no greeting until it is reachable again.</summary>
    public int Unreachable()
    {
        IsReachable = false;
        HelloAnswered = false;
        return Outgoing.Close();
    }

    /// <summary>It is reachable (again), or there is news that it may answer now: greets at once if it has not been answered.</summary>
    public void Reachable(TimeSpan now)
    {
        IsReachable = true;
        if (!HelloAnswered)
        {
            Greet(now);
        }
    }

    /// <summary>The peer leaves: nothing is kept for it any more. Returns the messages given up.</summary>
    public int Depart()
    {
        IsDeparted = true;
        return Outgoing.Close();
    }

    /// <summary>There is no link with this peer.</summary>
    public void Refuse()
    {
        IsRefused = true;
        Outgoing.Close();
    }

    /// <summary>This side stops: what is kept is still sent, then goodbye is said until it is acknowledged.</summary>
    public void Leave()
    {
        _leaving = true;
        if (Outgoing.State != LinkState.Open)
        {
            Outgoing.Close();
        }
    }

    private void Greet(TimeSpan at)
    {
        HelloAnswered = false;
        _hellos = 0;
        _nextHello = at;
    }

    /// <summary>A message of this incarnation was heard, on whichever link. True: a former one is gone, and with it what it had not delivered.</summary>
    public bool Meet(long incarnation)
    {
        if (incarnation <= Incarnation)
        {
            return false;
        }

        // What the former incarnation had acknowledged to publishers and not yet delivered here is lost.
        var gap = Incarnation != 0 && !IsDormant;
        if (Incarnation != 0)
        {
            Outgoing.Close();
        }

        Incarnation = incarnation;
        Incoming.Renew();
        HelloHeard = false;
        Greet(TimeSpan.Zero);
        return gap;
    }

    private bool TryMeet(long incarnation, out bool gap)
    {
        gap = false;
        if (incarnation < Incarnation || IsRefused)
        {
            return false;
        }

        gap = Meet(incarnation);
        return true;
    }
}

/// <summary>What a link has to say now.</summary>
[Flags]
internal enum LinkDue
{
    None = 0,
    Hello = 1,
    Statement = 2,
    Goodbye = 4,
}
