using Broker.Node.Configuration.Options;
using Broker.Node.Links;

namespace Broker.Tests.Links;

/// <summary>
/// Two ends of one direction over a channel that loses, doubles and reorders, in virtual time. The receiver's log holds the
/// numbers of what was published, and -1 for each gap.
/// </summary>
internal sealed class LinkModel
{
    public const int Gap = -1;
    private readonly List<Action> _channel = [];
    private readonly LaneOptions _options;
    private int _published;

    private readonly LinkKind _kind;

    public LinkModel(LaneOptions options, LinkKind kind = LinkKind.Broadcast)
    {
        (_options, _kind) = (options, kind);
        Sender = new PeerLink(2, kind, 1, options);
        Receiver = new PeerLink(1, kind, 1, options);
    }

    public PeerLink Sender { get; private set; }

    public PeerLink Receiver { get; private set; }

    public long SenderIncarnation { get; private set; } = 1;

    public List<int> Log { get; } = [];

    public int Published => _published;

    public TimeSpan Now { get; private set; }

    public int MostKept { get; private set; }

    public int Underway => _channel.Count;

    /// <summary>Offers that an owned link refused: nothing of theirs was published.</summary>
    public int Refused { get; private set; }

    /// <summary>Two publishes make one segment.</summary>
    public void Publish()
    {
        if (_kind == LinkKind.Owned && !Sender.Admits(Now, isBulk: false))
        {
            Refused++;
            return;
        }

        var bytes = new byte[8];
        BitConverter.TryWriteBytes(bytes, _published++);
        BitConverter.TryWriteBytes(bytes.AsSpan(4), _published++);
        Sender.Outgoing.Offer(new Segment(bytes, 2));
        MostKept = Math.Max(MostKept, Sender.Outgoing.KeptBytes);
        Transmit();
    }

    public void Advance(TimeSpan by)
    {
        Now += by;
        if (_kind == LinkKind.Owned && Receiver.Incarnation != 0 && Receiver.Incarnation < SenderIncarnation)
        {
            // The broadcast link beside it greets until it is answered.
            var incarnation = SenderIncarnation;
            _channel.Add(() => Meet(incarnation));
        }

        Say(Sender, Receiver, SenderIncarnation, isSender: true);
        Say(Receiver, Sender, 1, isSender: false);
    }

    public void Deliver(int index)
    {
        var message = _channel[index];
        _channel.RemoveAt(index);
        message();
    }

    public void Lose(int index) => _channel.RemoveAt(index);

    public void Double(int index) => _channel.Add(_channel[index]);

    public void DeliverAll()
    {
        while (_channel.Count > 0)
        {
            Deliver(0);
        }
    }

    /// <summary>An owned link is never skipped.</summary>
    public void Skip()
    {
        if (_kind == LinkKind.Broadcast)
        {
            Sender.Skip(Now);
        }
    }

    /// <summary>An owned link opens as with its first entry.</summary>
    public void Open()
    {
        if (_kind == LinkKind.Owned)
        {
            Sender.Admits(Now, isBulk: false);
        }
    }

    public void Unreachable() => Sender.Unreachable();

    public void Reachable() => Sender.Reachable(Now);

    /// <summary>The sending lane fails and is replaced; what is under way still arrives.</summary>
    public void Replace()
    {
        SenderIncarnation++;
        Sender = new PeerLink(2, _kind, 1, _options);
    }

    /// <summary>Nothing is lost any more, until both ends agree.</summary>
    public void Settle()
    {
        for (var n = 0; n < 200; n++)
        {
            DeliverAll();
            Advance(TimeSpan.FromMilliseconds(100));
        }

        DeliverAll();
    }

    private void Meet(long incarnation)
    {
        if (Receiver.Meet(incarnation))
        {
            Log.Add(Gap);
        }
    }

    private void Transmit()
    {
        while (Sender.Outgoing.TryTake(out var parcel))
        {
            Sender.Spoke(Now);
            Envelope(parcel);
        }
    }

    private void Envelope(Parcel parcel)
    {
        var (from, lowest, incarnation) = (SenderIncarnation, Sender.Outgoing.Lowest, Sender.Incarnation);
        _channel.Add(() =>
        {
            if (incarnation == 1)
            {
                Take(Receiver.OnEnvelope(from, parcel.Number, lowest), from, parcel);
            }
        });
    }

    private void Take(Arrival? arrival, long from, Parcel? parcel = null, bool acknowledge = true)
    {
        if (arrival is not { } known)
        {
            return;
        }

        if (known.Gap)
        {
            Log.Add(Gap);
        }

        if (known.Deliver)
        {
            foreach (var part in parcel!.Body)
            {
                Log.Add(BitConverter.ToInt32(part.Span));
                Log.Add(BitConverter.ToInt32(part.Span[4..]));
            }
        }

        if (known.Resend > 0)
        {
            _channel.Add(() => Again(from, known.Resend));
        }

        if (acknowledge)
        {
            var acknowledged = Receiver.Incoming.Acknowledged;
            _channel.Add(() =>
            {
                if (from == SenderIncarnation)
                {
                    Sender.OnAck(1, acknowledged, goodbye: false);
                    Transmit();
                }
            });
        }
    }

    private void Again(long to, long number)
    {
        if (to == SenderIncarnation)
        {
            foreach (var parcel in Sender.OnResend(1, number).ToList())
            {
                Envelope(parcel);
            }
        }
    }

    private void Say(PeerLink link, PeerLink other, long incarnation, bool isSender)
    {
        var due = link.Due(Now);
        var (lowest, last, to) = (link.Outgoing.Lowest, link.Outgoing.Next - 1, link.Incarnation);
        if (due.HasFlag(LinkDue.Hello))
        {
            _channel.Add(() => Hello(incarnation, lowest, isSender));
        }

        if (due.HasFlag(LinkDue.Statement) && isSender)
        {
            _channel.Add(() => Take(to == 1 ? Receiver.OnStatement(incarnation, last, lowest, goodbye: false) : null, incarnation));
        }
    }

    // A hello of one end, answered by the other's welcome.
    private void Hello(long incarnation, long lowest, bool isSender)
    {
        if (isSender)
        {
            var arrival = Receiver.OnHello(incarnation, lowest);
            Take(arrival, incarnation, acknowledge: false);
            if (arrival is not null)
            {
                var position = Receiver.Outgoing.Lowest;
                _channel.Add(() => Welcome(incarnation, position));
            }
        }
        else if (Sender.OnHello(incarnation, lowest) is not null)
        {
            var (from, position) = (SenderIncarnation, Sender.Outgoing.Lowest);
            _channel.Add(() => Take(Receiver.OnWelcome(from, position), from));
        }
    }

    private void Welcome(long to, long position)
    {
        if (to == SenderIncarnation)
        {
            Sender.OnWelcome(1, position);
            Transmit();
        }
    }
}
