namespace Broker.Node.Links;

/// <summary>
/// The sending half of a link: numbers envelopes, keeps them until acknowledged, and never more than the window and one
/// message. Pure; not thread-safe.
/// </summary>
/// <remarks>
/// Every loss uses up at least one number, so that the receiver sees it: by an envelope whose number is higher than expected,
/// or by the lowest kept number that all messages carry.
/// </remarks>
/// <param name="next">Number of the first envelope; above 1 where the peer has missed something already.</param>
/// <param name="window">Bytes kept.</param>
/// <param name="envelope">Bytes at which an envelope closes.</param>
/// <param name="kind">Whether what is full while the peer cannot be reached yet gives up what it has, or takes no more.</param>
internal sealed class OutgoingLink(long next, int window, int envelope, LinkKind kind)
{
    /// <summary>
    /// Envelopes under way at once. While they are, what arrives collects into the next, so a low number makes batches and a
    /// high one hides the round trip.
    /// </summary>
    public const int MaxInFlight = 4;

    private readonly Queue<Segment> _waiting = new();
    private readonly Queue<Parcel> _sent = new();

    public LinkState State { get; private set; }

    /// <summary>Number of the next envelope.</summary>
    public long Next { get; private set; } = next;

    /// <summary>The lowest number that can still be sent (again).</summary>
    public long Lowest => _sent.TryPeek(out var first) ? first.Number : Next;

    public int InFlight => _sent.Count;

    public int KeptBytes { get; private set; }

    /// <summary>Nothing is kept.</summary>
    public bool IsEmpty => _sent.Count == 0 && _waiting.Count == 0;

    /// <summary>Everything offered has a number and was sent at least once.</summary>
    public bool IsFlushed => _waiting.Count == 0;

    public bool IsFull => State == LinkState.Open && KeptBytes >= window;

    /// <summary>Bytes that may be offered before publishers have to wait.</summary>
    public int Room => State == LinkState.Open ? Math.Max(0, window - KeptBytes) : int.MaxValue;

    /// <summary>Whether an owned link takes another entry: what is refused uses up no number.</summary>
    public bool Accepts => State != LinkState.Closed && KeptBytes < window;

    /// <summary>Messages given up so far.</summary>
    public long Lost { get; private set; }

    public void Offer(Segment segment)
    {
        if (State == LinkState.Closed)
        {
            Count(segment.Messages);
            return;
        }

        if (kind == LinkKind.Broadcast && State == LinkState.Keeping && KeptBytes + segment.Weight > window)
        {
            Drop();
        }

        _waiting.Enqueue(segment);
        KeptBytes += segment.Weight;
    }

    /// <summary>Counts messages that are not kept.</summary>
    public void Count(int messages)
    {
        Next++;
        Lost += messages;
    }

    /// <summary>Numbers and takes the next envelope, if one may be under way now.</summary>
    public bool TryTake(out Parcel parcel)
    {
        parcel = null!;
        if (State != LinkState.Open || _sent.Count >= MaxInFlight || _waiting.Count == 0)
        {
            return false;
        }

        var body = new List<ReadOnlyMemory<byte>>(Math.Min(_waiting.Count, 64));
        int bytes = 0, weight = 0, messages = 0;
        while (_waiting.TryPeek(out var segment) && (bytes == 0 || bytes + segment.Length <= envelope))
        {
            body.Add(_waiting.Dequeue().Bytes);
            bytes += segment.Length;
            weight += segment.Weight;
            messages += segment.Messages;
        }

        parcel = new Parcel(Next++, [.. body], weight, messages);
        _sent.Enqueue(parcel);
        return true;
    }

    /// <summary>Cumulative; a number that was never sent is ignored.</summary>
    public void Acknowledge(long number)
    {
        if (number >= Next)
        {
            return;
        }

        while (_sent.TryPeek(out var first) && first.Number <= number)
        {
            KeptBytes -= _sent.Dequeue().Weight;
        }
    }

    /// <summary>What was sent and is still kept, from a number on, in order.</summary>
    public IEnumerable<Parcel> SentFrom(long number) => _sent.Where(parcel => parcel.Number >= number);

    public void Keep()
    {
        if (State == LinkState.Closed)
        {
            State = LinkState.Keeping;
        }
    }

    public void Open() => State = LinkState.Open;

    /// <summary>Gives up what is kept and only counts from now on. Returns the messages given up.</summary>
    public int Close()
    {
        State = LinkState.Closed;
        return Drop();
    }

    /// <summary>Gives up what is kept. Returns the messages given up.</summary>
    public int Drop()
    {
        var messages = 0;
        foreach (var parcel in _sent)
        {
            messages += parcel.Messages;
        }

        if (_waiting.Count > 0)
        {
            // These have no number yet: one stands for all of them.
            Next++;
            foreach (var segment in _waiting)
            {
                messages += segment.Messages;
            }
        }

        _sent.Clear();
        _waiting.Clear();
        KeptBytes = 0;
        Lost += messages;
        return messages;
    }
}

/// <summary>What an outgoing link does with what it is offered.</summary>
internal enum LinkState
{
    /// <summary>Counts only: the peer was not heard yet, is skipped, unreachable or leaving.</summary>
    Closed,

    /// <summary>Keeps but does not send: the peer said hello, and has not shown yet that it can be reached. Nobody waits for its window.</summary>
    Keeping,

    /// <summary>Keeps and sends; publishers wait for its window.</summary>
    Open,
}

/// <summary>Entries of one batch, encoded once and shared by the links of all peers. Immutable.</summary>
internal sealed class Segment(byte[] bytes, int messages)
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public int Length => Bytes.Length;

    public int Messages { get; } = messages;

    /// <summary>Bytes of memory it takes in a window: its own objects count, so that tiny batches are bounded too.</summary>
    public int Weight => Length + 128;
}

/// <summary>An envelope's number and content, kept until acknowledged.</summary>
internal sealed record Parcel(long Number, ReadOnlyMemory<byte>[] Body, int Weight, int Messages);
