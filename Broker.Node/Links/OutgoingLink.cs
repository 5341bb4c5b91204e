namespace Broker.Node.Links;

/// <summary>
/// The sending half of a link: numbers envelopes, keeps them until acknowledged, and never more than the window and one
/// message. Pure; not thread-safe.
/// </summary>
/// <remarks>
/// Every loss uses up at least one number, so that the receiver sees it: by an envelope whose number is higher than expected,
/// or by the lowest kept number that all messages carry.
/// Bulk (pages of logs and histories that the peer has asked for) waits in a queue of its own and gets its number when it is sent, so
/// live entries pass it, but not between the pieces of one entry.
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

    /// <summary>Bytes of bulk under way at once, but for one entry more: what is live waits for no more than these.</summary>
    public const int MaxBulk = 256 * 1024;

    /// <summary>Live envelopes after which one of bulk goes all the same: a copy must get in step however much is published.</summary>
    private const int BulkTurn = 8;

    private readonly Queue<Segment> _waiting = new();
    private readonly Queue<Segment> _bulk = new();
    private readonly Queue<Parcel> _sent = new();

    /// <summary>Of which queue an entry in pieces is not out whole; null: of none.</summary>
    private Queue<Segment>? _begun;
    private int _bulkBytes;
    private int _bulkUnderWay;
    private int _liveSinceBulk;

    public LinkState State { get; private set; }

    /// <summary>Number of the next envelope.</summary>
    public long Next { get; private set; } = next;

    /// <summary>The lowest number that can still be sent (again).</summary>
    public long Lowest => _sent.TryPeek(out var first) ? first.Number : Next;

    public int InFlight => _sent.Count;

    public int KeptBytes { get; private set; }

    /// <summary>Nothing is kept.</summary>
    public bool IsEmpty => _sent.Count == 0 && IsFlushed;

    /// <summary>Everything offered has a number and was sent at least once.</summary>
    public bool IsFlushed => _waiting.Count == 0 && _bulk.Count == 0;

    public bool IsFull => State == LinkState.Open && KeptBytes >= window;

    /// <summary>Bytes that may be offered before publishers have to wait.</summary>
    public int Room => State == LinkState.Open ? Math.Max(0, window - KeptBytes) : int.MaxValue;

    /// <summary>Whether an owned link takes another entry: what is refused uses up no number.</summary>
    public bool Accepts => State != LinkState.Closed && KeptBytes < window;

    /// <summary>Whether an owned link takes more bulk.</summary>
    public bool AcceptsBulk => State != LinkState.Closed && _bulkBytes < window;

    /// <summary>Messages given up so far.</summary>
    public long Lost { get; private set; }

    public void Offer(Segment segment, bool isBulk = false)
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

        if (isBulk)
        {
            _bulk.Enqueue(segment);
            _bulkBytes += segment.Weight;
            return;
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
        if (State != LinkState.Open || _sent.Count >= MaxInFlight)
        {
            return false;
        }

        var queue = _begun ?? (IsBulkNext() ? _bulk : _waiting);
        if (queue.Count == 0)
        {
            return false;
        }

        var body = new List<ReadOnlyMemory<byte>>(Math.Min(queue.Count, 64));
        int bytes = 0, weight = 0, messages = 0;
        while (queue.TryPeek(out var segment) && (bytes == 0 || bytes + segment.Length <= envelope))
        {
            body.Add(queue.Dequeue().Bytes);
            bytes += segment.Length;
            weight += segment.Weight;
            messages += segment.Messages;

            // A piece that is not the last of its entry is no message yet.
            _begun = segment.Messages == 0 ? queue : null;
        }

        var isBulk = queue == _bulk;
        (_liveSinceBulk, _bulkUnderWay) = isBulk ? (0, _bulkUnderWay + weight) : (_liveSinceBulk + 1, _bulkUnderWay);
        parcel = new Parcel(Next++, [.. body], weight, messages, isBulk);
        _sent.Enqueue(parcel);
        return true;
    }

    /// <summary>Leaves a place among those under way, so that what is live then goes at once.</summary>
    private bool IsBulkNext() =>
        _bulk.Count > 0 && _bulkUnderWay < MaxBulk && (_waiting.Count == 0 ? _sent.Count < MaxInFlight - 1 : _liveSinceBulk >= BulkTurn);

    /// <summary>Cumulative; a number that was never sent is ignored.</summary>
    public void Acknowledge(long number)
    {
        if (number >= Next)
        {
            return;
        }

        while (_sent.TryPeek(out var first) && first.Number <= number)
        {
            _sent.Dequeue();
            if (first.IsBulk)
            {
                _bulkBytes -= first.Weight;
                _bulkUnderWay -= first.Weight;
            }
            else
            {
                KeptBytes -= first.Weight;
            }
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

        if (!IsFlushed)
        {
            // These have no number yet: one stands for all of them.
            Next++;
            messages += _waiting.Concat(_bulk).Sum(static segment => segment.Messages);
        }

        _sent.Clear();
        _waiting.Clear();
        _bulk.Clear();
        _begun = null;
        KeptBytes = _bulkBytes = _bulkUnderWay = 0;
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
internal sealed record Parcel(long Number, ReadOnlyMemory<byte>[] Body, int Weight, int Messages, bool IsBulk);
