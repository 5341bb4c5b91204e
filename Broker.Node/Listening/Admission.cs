using System.Net;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Diagnostics;

namespace Broker.Node.Listening;

/// <summary>
/// The listener's bounds: connections, connections per address, accepts a second, handshakes in flight, the time a
/// handshake (TLS and request head together) may take, and memory. Thread-safe; one lock, held for a few dictionary steps.
/// </summary>
internal sealed class Admission : IDisposable
{
    private readonly Lock _gate = new();
    private readonly LimitOptions _limits;
    private readonly LeaseTable<AddressKey> _addresses;
    private readonly AcceptRate _rate;
    private readonly DeadlineQueue<Entry> _handshakes;
    private readonly BrokerMetrics _metrics;
    private readonly MemoryGuard? _memory;
    private int _connections;

    /// <param name="limits">The bounds.</param>
    /// <param name="metrics">Counts refusals.</param>
    /// <param name="time">For rates and time-outs.</param>
    /// <param name="memory">Refuses too; null: memory is not looked at.</param>
    public Admission(LimitOptions limits, BrokerMetrics metrics, TimeProvider time, MemoryGuard? memory = null)
    {
        _limits = limits;
        _metrics = metrics;
        _memory = memory;
        _addresses = new LeaseTable<AddressKey>(limits.ConnectionsPerAddress);
        _rate = new AcceptRate(limits.AcceptsPerSecond, time);
        _handshakes = new DeadlineQueue<Entry>(limits.HandshakeTimeout, time, OnTimeout);
    }

    /// <summary>Connections that hold a lease.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>WebSockets that one connection may have at a time.</summary>
    public int StreamsPerConnection => _limits.Streams;

    /// <summary>Leases whose handshake is not done.</summary>
    public int Handshakes => _handshakes.Count;

    /// <summary>Addresses (IPv6: /64 networks) with at least one lease.</summary>
    public int Addresses => _addresses.Count;

    /// <summary>The next connection would be refused whoever asks: the node is not ready for more.</summary>
    public bool Full => Connections >= _limits.Connections;

    /// <summary>The next connection would be refused because memory is short.</summary>
    public bool IsShedding => _memory is { IsShedding: true };

    /// <summary>As <see cref="IsShedding"/>, after a look where one is due: for whoever is about to let a connection in.</summary>
    public bool MustShed() => _memory?.Look() ?? false;

    /// <summary>
    /// Lets a new connection in or refuses it. <paramref name="abort"/> is called at most once, from any thread, as long as
    /// the lease's handshake is not done; it must not throw or block, and whoever owns the connection still disposes the lease.
    /// </summary>
    /// <param name="remote">The address that counts; null: a trusted proxy's, whose client is claimed for later.</param>
    /// <param name="abort">Ends the connection.</param>
    /// <param name="waits">
    /// Whether bytes of the client lie there that nobody has read: then the node is behind, and the client is no stranger who says
    /// nothing. Asked when the handshake's time is over, and when there are too many; any thread, outside locks.
    /// </param>
    public AdmissionResult Enter(IPAddress? remote, Action<HandshakeEnd> abort, Func<bool>? waits = null)
    {
        if (MustShed())
        {
            _metrics.ConnectionRefused(AdmissionRefusal.Memory);
            return new AdmissionResult(null, AdmissionRefusal.Memory);
        }

        if (_handshakes.Count >= _limits.Handshakes && _handshakes.Oldest is { IsWaiting: true })
        {
            // All its work for the oldest would be lost, and its client back at once: the queue would never get shorter.
            _metrics.ConnectionRefused(AdmissionRefusal.Handshakes);
            return new AdmissionResult(null, AdmissionRefusal.Handshakes);
        }

        Entry entry;
        Entry? evicted = null;
        lock (_gate)
        {
            var refusal = Count(remote, out var place);
            if (refusal != AdmissionRefusal.None)
            {
                _metrics.ConnectionRefused(refusal);
                return new AdmissionResult(null, refusal);
            }

            entry = new Entry(this, place, abort, waits);

            // Dropping the newest instead would let a few silent clients lock everybody out.
            if (_handshakes.Count >= _limits.Handshakes)
            {
                evicted = _handshakes.TakeOldest();
            }

            entry.Join(_handshakes);
        }

        if (evicted is not null)
        {
            End(evicted, HandshakeEnd.Evicted);
        }

        return new AdmissionResult(new AdmissionLease(this, entry.HandshakeDone, entry.Release), AdmissionRefusal.None);
    }

    /// <summary>A place among the connections of an address that a trusted proxy names; null when there are too many.</summary>
    public IDisposable? TryClaim(IPAddress remote)
    {
        // Who enters may hold a place only until it turns out that there is no token.
        lock (_gate)
        {
            return _addresses.TryAdd(AddressKey.Of(remote), out var place) ? place : null;
        }
    }

    /// <summary>Counts a WebSocket that is one of several streams of a connection as a connection; null when it is refused.</summary>
    /// <param name="remote">The address that counts; null: a trusted proxy's, whose client is claimed.</param>
    /// <param name="ended">Called when its place is free.</param>
    /// <param name="refusal">Why.</param>
    public AdmissionLease? TryAddStream(IPAddress? remote, Action ended, out AdmissionRefusal refusal)
    {
        IDisposable? place;
        lock (_gate)
        {
            refusal = Count(remote, out place);
        }

        if (refusal != AdmissionRefusal.None)
        {
            _metrics.ConnectionRefused(refusal);
            return null;
        }

        return new AdmissionLease(this, static () => false, () =>
        {
            Leave(place);
            ended();
        });
    }

    /// <summary>A client has more streams under way than it may have open.</summary>
    public AdmissionRefusal RefuseStream()
    {
        _metrics.ConnectionRefused(AdmissionRefusal.Rate);
        return AdmissionRefusal.Rate;
    }

    /// <summary>Takes one of <c>broker.limits.accepts-per-second</c> for what has a place already.</summary>
    public bool TryAccept()
    {
        lock (_gate)
        {
            if (_rate.TryTake())
            {
                return true;
            }
        }

        _metrics.ConnectionRefused(AdmissionRefusal.Rate);
        return false;
    }

    public void Dispose()
    {
        _handshakes.Dispose();
        _memory?.Dispose();
    }

    private AdmissionRefusal Count(IPAddress? remote, out IDisposable? place)
    {
        place = null;
        if (_connections >= _limits.Connections)
        {
            return AdmissionRefusal.Total;
        }

        if (remote is not null && !_addresses.TryAdd(AddressKey.Of(remote), out place))
        {
            return AdmissionRefusal.Address;
        }

        // Last, so that what is refused anyway takes no token from the others.
        if (!_rate.TryTake())
        {
            place?.Dispose();
            return AdmissionRefusal.Rate;
        }

        _connections++;
        return AdmissionRefusal.None;
    }

    private void Leave(IDisposable? place)
    {
        lock (_gate)
        {
            _connections--;
            place?.Dispose();
        }
    }

    /// <summary>The time-out is for strangers who say nothing; who waits for this node has it once more.</summary>
    private void OnTimeout(Entry entry)
    {
        if (!entry.IsWaiting)
        {
            End(entry, HandshakeEnd.TimedOut);
        }
        else if (!entry.TryExtend(_handshakes))
        {
            End(entry, HandshakeEnd.Behind);
        }
    }

    private void End(Entry entry, HandshakeEnd end)
    {
        if (end is HandshakeEnd.Evicted or HandshakeEnd.Behind)
        {
            _metrics.ConnectionRefused(AdmissionRefusal.Handshakes);
        }
        else
        {
            _metrics.HandshakeRefused(HandshakeRefusal.Timeout);
        }

        entry.Abort(end);
    }

    private sealed class Entry(Admission owner, IDisposable? address, Action<HandshakeEnd> abort, Func<bool>? waits)
    {
        private Func<bool>? _waits = waits;
        private bool _extended;
        private Action<HandshakeEnd>? _abort = abort;
        private LinkedListNode<DeadlineQueue<Entry>.Waiting>? _place;

        public bool IsWaiting => Volatile.Read(ref _waits) is { } waits && waits();

        /// <summary>Once. A handshake that ends meanwhile is not in the queue: whichever of the two comes second takes it out.</summary>
        public bool TryExtend(DeadlineQueue<Entry> handshakes)
        {
            if (_extended)
            {
                return false;
            }

            _extended = true;
            var place = handshakes.Add(this);
            Interlocked.Exchange(ref _place, place);
            if (Volatile.Read(ref _abort) is null)
            {
                handshakes.Remove(place);
            }

            return true;
        }

        public void Join(DeadlineQueue<Entry> handshakes) => _place = handshakes.Add(this);

        public bool HandshakeDone()
        {
            // Nothing of the handshake stays in memory for the life of the connection.
            Interlocked.Exchange(ref _abort, null);
            Volatile.Write(ref _waits, null);
            return Interlocked.Exchange(ref _place, null) is { } place && owner._handshakes.Remove(place);
        }

        public void Release() => owner.Leave(address);

        public void Abort(HandshakeEnd end) => Interlocked.Exchange(ref _abort, null)?.Invoke(end);
    }
}

/// <summary>A lease, or why there is none.</summary>
internal readonly record struct AdmissionResult(AdmissionLease? Lease, AdmissionRefusal Refusal);

/// <summary>One admitted connection's place in the listener's counts; thread-safe, each step happens once.</summary>
internal sealed class AdmissionLease(Admission owner, Func<bool> handshakeDone, Action released) : IDisposable
{
    private Func<bool>? _handshakeDone = handshakeDone;
    private Action? _released = released;
    private int _streams;
    private int _lent;
    private int _wasLent;

    /// <summary>The connection is no longer counted among the handshakes in flight.</summary>
    /// <returns>False: it was not any more; <see cref="Admission"/> may have ended it.</returns>
    public bool HandshakeDone() => Interlocked.Exchange(ref _handshakeDone, null)?.Invoke() ?? false;

    /// <summary>
    /// A place for a WebSocket that is a stream of this connection; null when it is refused. One at a time has the connection's own, and
    /// the first of all has been accepted with it: so a client with one WebSocket counts as one, whatever HTTP it speaks.
    /// </summary>
    /// <param name="remote">The address that counts; null: a trusted proxy's, whose client is claimed.</param>
    /// <param name="refusal">Why.</param>
    public AdmissionLease? TryAddStream(IPAddress? remote, out AdmissionRefusal refusal)
    {
        if (Interlocked.Increment(ref _streams) > owner.StreamsPerConnection)
        {
            // Its client resets streams faster than the node can end them.
            refusal = owner.RefuseStream();
        }
        else if (Interlocked.CompareExchange(ref _lent, 1, 0) != 0)
        {
            if (owner.TryAddStream(remote, EndStream, out refusal) is { } place)
            {
                return place;
            }
        }
        else if (Interlocked.Exchange(ref _wasLent, 1) == 0 || owner.TryAccept())
        {
            refusal = AdmissionRefusal.None;
            return new AdmissionLease(owner, static () => false, () =>
            {
                Volatile.Write(ref _lent, 0);
                EndStream();
            });
        }
        else
        {
            refusal = AdmissionRefusal.Rate;
            Volatile.Write(ref _lent, 0);
        }

        EndStream();
        return null;
    }

    private void EndStream() => Interlocked.Decrement(ref _streams);

    public void Dispose()
    {
        HandshakeDone();
        Interlocked.Exchange(ref _released, null)?.Invoke();
    }
}
