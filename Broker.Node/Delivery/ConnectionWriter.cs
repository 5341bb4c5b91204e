using System.Diagnostics.CodeAnalysis;
using Broker.Node.Membership;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>
/// The one writer of a connection: control frames first, then its dirty cursors in turn, a segment's worth each, or a frame from
/// its own array. Of a connection that gathers pushes, the cursors only when its <see cref="BatchWindow"/> is over, as arrays.
/// </summary>
/// <remarks>
/// One word of state says who holds it; only the holder may call <see cref="Gather()"/> and touch the chunk.
/// <code>
/// from          to            by       when
/// Stage         Parked        stage    it has demand and found nothing to write
/// Parked        Stage         stage    it finds work made visible while it parked, or gets work of its own
/// Parked        Taken         marker   it made work visible (TryTake)
/// Taken         Draining      drainer  it begins; until then it need not be told of more work
/// Draining      DrainingAgain marker   it made work visible while somebody drains
/// DrainingAgain Draining      drainer  before it looks again
/// Draining      Parked        drainer  everything went out
/// Draining*     Stage         drainer  the transport took less, its quantum is over, the last frame went out, the connection broke
///                                      or something threw (hand back)
/// Stage, Parked Closed        stage    its PostStop
/// Taken         Closed        stage    its PostStop: the drainer finds nothing to do; one that has begun is waited for, which never
///                                      blocks and hands back at once when stopping
/// </code>
/// Whoever makes work visible does so before a full fence and reads the state after it; who parks writes the state before a
/// full fence and looks for work after it. So work is never left behind with nobody holding the writer.
/// Control entries may come from any thread; each is a whole frame.
/// Where pushes are gathered, dirty cursors are no work by themselves (the writer would never park): a window that is over is,
/// and its timer makes it visible like any marker, also when the stage holds the writer for want of demand. Once the holder has
/// closed the window and made turns of what was dirty, the turns are work until they are done, over as many chunks as it takes.
/// </remarks>
internal sealed class ConnectionWriter(long connectionId)
{
    /// <summary>Ranges from this size on are written from the log's own array.</summary>
    private const int DirectSize = 8 * 1024;

    private const int ScratchSize = 64 * 1024;

    /// <summary>Bytes after which a drainer leaves the rest to the stage, so that a client who takes everything holds up nobody.</summary>
    private const int Quantum = 1024 * 1024;

    /// <summary>The same for a client whose work comes in small pieces while it is written.</summary>
    private const int MaxSends = 64;

    [ThreadStatic]
    private static byte[]? _scratch;

    private readonly ControlFrames _control = new();
    private readonly CursorTurns _turns = new();
    private int _state = (int)WriterState.Stage;
    private LongFrame? _long;
    private LongFrame? _longBody;
    private Action? _longWritten;
    private bool _stopping;
    private int _overrun;
    private long _gathered;
    private long _flushed;
    private IDirectTransport? _transport;
    private Action? _wakeStage;
    private int _chunkHeld;
    private bool _chunkPromises;
    private Fence? _fence;
    private MessageFraming _framing = WebSocketFraming.Of(WireFormat.Json);
    private IPushGatherer? _gatherer;

    public long ConnectionId { get; } = connectionId;

    public EgressChunk Chunk { get; } = new();

    public WriterState State => (WriterState)Volatile.Read(ref _state);

    /// <summary>Bytes of control frames that wait.</summary>
    public int ControlLength => _control.Length;

    /// <summary>The connection broke under a drainer; the stage ends it.</summary>
    public bool Broken { get; private set; }

    /// <summary>Holder only: the kernel has refused bytes since all there was had last been written.</summary>
    public bool IsBehind { get; set; }

    /// <summary>A cursor lagged over its bound and that was reported: the connection is about to be closed.</summary>
    public bool IsOverrun => Volatile.Read(ref _overrun) != 0;

    /// <summary>Bytes taken for writing so far, and those of them that the transport has taken; any thread reads them.</summary>
    public long Gathered => Volatile.Read(ref _gathered);

    public long Flushed => Volatile.Read(ref _flushed);

    /// <summary>Set before anything is queued.</summary>
    public IWriterObserver? Observer { private get; set; }

    /// <summary>Null: pushes go out as soon as they can.</summary>
    public BatchWindow? Window { get; private set; }

    /// <summary>How messages are carried to this client. Set before the first of them.</summary>
    public MessageFraming Framing
    {
        get => _framing;
        set => (_framing, _gatherer) = (value, value.CreateGatherer(hasWindow: Window is not null));
    }

    /// <summary>Stage only, before its first demand.</summary>
    /// <param name="transport">Where a drainer writes.</param>
    /// <param name="wakeStage">Tells the stage that it holds the writer again.</param>
    public void Attach(IDirectTransport transport, Action wakeStage)
    {
        _transport = transport;
        _wakeStage = wakeStage;
    }

    /// <summary>From now on pushes, which lie uncompressed in their logs, are gathered for a time. Before the connection's first subscription is made.</summary>
    /// <param name="window">How long they are gathered.</param>
    /// <param name="full">Bytes of entries that end a window before its time.</param>
    /// <param name="time">Has the timer.</param>
    public void GatherPushes(TimeSpan window, int full, TimeProvider time)
    {
        Window = new BatchWindow(window, full, time, DrainIfFree);
        _gatherer = Framing.CreateGatherer(hasWindow: true);
    }

    /// <summary>Queues a dirty cursor. Any thread, for a subscription it made dirty itself.</summary>
    public void Enqueue(Subscription subscription)
    {
        _turns.Enqueue(subscription);
        Window?.Open();
    }

    /// <summary>A cursor lags over its bound: reported once. False: it was before, or there is nobody to be told.</summary>
    public bool Overrun()
    {
        if (Observer is null || Interlocked.Exchange(ref _overrun, 1) != 0)
        {
            return false;
        }

        Observer.Overrun();
        return true;
    }

    /// <summary>Queues a message for the client and writes it if the writer is free. Any thread.</summary>
    public void Reply(MessageBuffer message) => Send(Framing.Frame(message));

    /// <summary>Queues a message for the client, written by the present holder or by whom the caller has drain it.</summary>
    public void Queue(MessageBuffer message) => Hold(_control.Add(Framing.Frame(message), last: false));

    /// <summary>As <see cref="Queue"/>, for what acknowledges something: it leaves while the fence is open, or never.</summary>
    public void Promise(MessageBuffer message, Fence fence)
    {
        Volatile.Write(ref _fence, fence);
        Hold(_control.Add(Framing.Frame(message), last: false, promises: true));
    }

    /// <summary>Queues the transport's own bytes, whole, and writes them if the writer is free. Any thread.</summary>
    public void Send(ReadOnlySpan<byte> frame)
    {
        Hold(_control.Add(frame, last: false));
        DrainIfFree();
    }

    /// <summary>As <see cref="Send(ReadOnlySpan{byte})"/> for a pong, of which too many do not wait.</summary>
    public void SendPong(ReadOnlySpan<byte> frame)
    {
        Hold(_control.AddPong(frame));
        DrainIfFree();
    }

    /// <summary>
    /// Queues a whole frame that is written from its own array, behind the control frames that wait; one at a time. Any thread.
    /// </summary>
    /// <param name="frame">Untouched until it has been written; for good where the connection ends before.</param>
    public void Send(LongFrame frame)
    {
        Volatile.Write(ref _long, frame);
        Interlocked.MemoryBarrier();
        DrainIfFree();
    }

    /// <summary>Queues the last bytes: a close frame, or a refusal of the handshake. Nothing is written after them (RFC 6455 section 5.5.1).</summary>
    public void Finish(ReadOnlySpan<byte> frame)
    {
        Hold(_control.Add(frame, last: true));
        DrainIfFree();
    }

    /// <summary>Takes a parked writer. True: the caller holds it and must <see cref="Drain"/>.</summary>
    public bool TryTake()
    {
        while (true)
        {
            switch (State)
            {
                case WriterState.Parked when Change(WriterState.Parked, WriterState.Taken):
                    return true;
                case WriterState.Draining when Change(WriterState.Draining, WriterState.DrainingAgain):
                case WriterState.Stage or WriterState.Taken or WriterState.DrainingAgain or WriterState.Closed:
                    return false;
            }
        }
    }

    /// <summary>
    /// Who took it, once: writes all there is straight to the transport, up to <see cref="Quantum"/>, then parks; or hands back to the
    /// stage. What fails costs this connection alone, whoever drains it.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "A drainer has other connections to drain: this one breaks.")]
    public void Drain()
    {
        if (!Change(WriterState.Taken, WriterState.Draining))
        {
            // Stopped before it began.
            return;
        }

        Exception? failure = null;
        try
        {
            if (WriteAll())
            {
                return;
            }
        }
        catch (Exception e)
        {
            failure = e;
            Broken = true;
        }

        HandBack();
        if (failure is not null)
        {
            Observer?.Failed(failure);
        }
    }

    private void DrainIfFree()
    {
        if (TryTake())
        {
            Drain();
        }
    }

    /// <returns>False: the stage has to go on.</returns>
    private bool WriteAll()
    {
        var budget = Quantum;
        var sends = MaxSends;
        while (true)
        {
            while (!Volatile.Read(ref _stopping) && Gather())
            {
                if (!MayLeave())
                {
                    return false;
                }

                var length = Chunk.Length;
                var sent = _transport!.TrySend(Chunk);
                if (sent < length)
                {
                    Broken |= sent < 0;
                    IsBehind = true;
                    Chunk.Advance(Math.Max(0, sent));
                    KeepChunk();
                    return false;
                }

                Written();
                budget -= length;
                if (budget <= 0 || --sends == 0)
                {
                    return false;
                }
            }

            if (Finished || Volatile.Read(ref _stopping))
            {
                return false;
            }

            if (Change(WriterState.Draining, WriterState.Parked))
            {
                return true;
            }

            Interlocked.Exchange(ref _state, (int)WriterState.Draining);
        }
    }

    /// <summary>
    /// Holder only, just before a chunk leaves. False: it acknowledges something while the node may promise nothing, so that the others
    /// may have shown their clients the gap already; the connection ends without another byte.
    /// </summary>
    public bool MayLeave()
    {
        if (!_chunkPromises || Volatile.Read(ref _fence)!.IsOpen)
        {
            return true;
        }

        Broken = true;
        Observer?.Disown();
        return false;
    }

    /// <summary>Stage only: parks. False: there is work and the stage still holds the writer.</summary>
    public bool TryPark()
    {
        Interlocked.Exchange(ref _state, (int)WriterState.Parked);
        return !HasWork || !Change(WriterState.Parked, WriterState.Stage);
    }

    /// <summary>
    /// Stage only: takes its writer back, to end. One that is taken and waits for its turn is taken away; a drainer that has begun is
    /// waited for, for one send at most.
    /// </summary>
    public void Stop()
    {
        Volatile.Write(ref _stopping, true);
        var spin = new SpinWait();
        while (!Change(WriterState.Stage, WriterState.Closed) && !Change(WriterState.Parked, WriterState.Closed) && !Change(WriterState.Taken, WriterState.Closed) && State != WriterState.Closed)
        {
            spin.SpinOnce();
        }

        Window?.Dispose();
        Chunk.Abandon();
        _control.Close();
        _turns.Clear();
        (_long, _longBody, _longWritten) = (null, null, null);
    }

    /// <summary>Holder only: everything was written and nothing may follow.</summary>
    public bool Finished => _control.IsClosed && ControlLength == 0 && Chunk.Length == 0 && _longBody is null;

    private bool HasWork =>
        ControlLength > 0 || Finished || !_turns.IsEmpty || (Window?.IsOver ?? _turns.HasDirty)
        || Volatile.Read(ref _long) is not null || _longBody is not null;

    /// <summary>
    /// Holder only: fills the chunk with what is to be written next, always ending at the end of a frame or inside the
    /// control frames, which then go on. False: nothing to write.
    /// </summary>
    public bool Gather()
    {
        if (Chunk.Length > 0)
        {
            return true;
        }

        if (_longBody is { } body)
        {
            (_longBody, _longWritten) = (null, body.Written);
            return Take(body.Payload.Array!, body.Payload.Offset, body.Payload.Count, kept: true);
        }

        var scratch = _scratch ??= GC.AllocateUninitializedArray<byte>(ScratchSize);
        if (_gatherer is { } pushes)
        {
            return Gather(scratch, pushes);
        }

        var length = 0;
        while (NextTurn() is { } subscription)
        {
            subscription.ClearDirty();
            if (!subscription.TryPeek(out var segment, out var start, out var end))
            {
                continue;
            }

            // The head is read before the control frames, the closed mark after them: a reply queued before an append goes
            // out before it ("subscribed", "published"), one queued after a close goes out after its topic's last message.
            length += TakeControl(scratch.AsSpan(length));
            if (_control.IsClosed)
            {
                break;
            }

            if (subscription.Closed)
            {
                continue;
            }

            var fits = end - start <= scratch.Length - length;
            if (ControlLength > 0 || (!fits && length > 0))
            {
                _turns.Return(subscription);
                break;
            }

            if (subscription.Advance(segment, end))
            {
                _turns.Add(subscription);
            }

            if (!fits || (length == 0 && end - start >= DirectSize))
            {
                return Take(segment.Bytes, start, end - start);
            }

            segment.Bytes.AsSpan(start, end - start).CopyTo(scratch.AsSpan(length));
            length += end - start;
        }

        length += TakeControl(scratch.AsSpan(length));
        length += BeginLong(scratch.AsSpan(length));
        IsBehind &= length > 0;
        return length > 0 && Take(scratch, 0, length);
    }

    /// <summary>
    /// As <see cref="Gather()"/> where something is made of the entries: control frames, then what is made of those at the cursors of
    /// a window that is over, then control frames. What is too large to share goes alone.
    /// </summary>
    private bool Gather(byte[] scratch, IPushGatherer pushes)
    {
        var length = 0;
        while (NextTurn() is { } subscription)
        {
            subscription.ClearDirty();
            if (!subscription.TryPeek(out var segment, out var start, out var end))
            {
                continue;
            }

            // As above: the head, then the control frames, then the closed mark. Control frames that come when something has been
            // added cannot go before it, for they may end a subscription that is in it: they end the chunk.
            length += pushes.Count == 0 ? TakeControl(scratch.AsSpan(length)) : 0;
            if (_control.IsClosed)
            {
                break;
            }

            if (subscription.Closed)
            {
                continue;
            }

            var taken = ControlLength > 0 ? start : pushes.Add(scratch.AsSpan(length), segment, start, end);
            var alone = taken == start && ControlLength == 0 && length == 0 && pushes.Count == 0;
            taken = alone ? segment.Entry(segment.IndexOf(start), end).End : taken;
            if (taken == start)
            {
                _turns.Return(subscription);
                break;
            }

            if (subscription.Advance(segment, taken))
            {
                _turns.Add(subscription);
            }

            if (alone)
            {
                var bytes = pushes.Alone(segment, start, taken);
                return Take(bytes.Array!, bytes.Offset, bytes.Count);
            }

            if (taken < end)
            {
                break;
            }
        }

        var offset = 0;
        if (pushes.Count > 0)
        {
            var made = pushes.Finish(scratch.AsSpan(length));

            // What was made begins where its headers let it; what goes before it moves up to it.
            scratch.AsSpan(0, length).CopyTo(scratch.AsSpan(made.Start));
            (offset, length) = (made.Start, length + made.Length);
        }

        length += TakeControl(scratch.AsSpan(offset + length));
        length += BeginLong(scratch.AsSpan(offset + length));
        IsBehind &= length > 0;
        return length > 0 && Take(scratch, offset, length);
    }

    /// <summary>Holder only: what is left of the chunk has to wait.</summary>
    public void KeepChunk()
    {
        Chunk.Keep();
        HoldChunk(Chunk.Kept);
    }

    /// <summary>Holder only: the chunk has been written.</summary>
    public void Written()
    {
        Chunk.Release();
        _chunkPromises = false;
        HoldChunk(0);
        Volatile.Write(ref _flushed, _gathered);
        var written = _longWritten;
        _longWritten = null;
        written?.Invoke();
    }

    private bool Take(byte[] array, int offset, int length, bool kept = false)
    {
        Chunk.Set(array, offset, length, kept);
        Volatile.Write(ref _gathered, _gathered + length);
        return true;
    }

    /// <summary>The header of a long frame; its payload is the next chunk, before anything else.</summary>
    private int BeginLong(Span<byte> destination)
    {
        if (ControlLength > 0 || _control.IsClosed || Volatile.Read(ref _long) is not { } frame || frame.Header.Length > destination.Length)
        {
            return 0;
        }

        Volatile.Write(ref _long, null);
        _longBody = frame;
        frame.Header.CopyTo(destination);
        return frame.Header.Length;
    }

    private Subscription? NextTurn()
    {
        // What is marked from here on waits for the next window.
        if (_turns.IsEmpty && (Window is null || Window.TryClose()))
        {
            _turns.TakeDirty();
        }

        return _turns.Next();
    }

    private int TakeControl(Span<byte> destination)
    {
        var count = _control.Take(destination, out var drained, out var promised, out var change);
        Hold(change);
        _chunkPromises |= promised;
        if (drained)
        {
            Observer?.ControlDrained();
        }

        return count;
    }

    private void HoldChunk(int bytes)
    {
        var before = _chunkHeld;
        _chunkHeld = bytes;
        Hold(HeldSteps.Between(before, bytes));
    }

    private void Hold(int bytes)
    {
        if (bytes != 0)
        {
            Observer?.Hold(bytes);
        }
    }

    private void HandBack()
    {
        Interlocked.Exchange(ref _state, (int)WriterState.Stage);
        _wakeStage!();
    }

    private bool Change(WriterState from, WriterState to) =>
        Interlocked.CompareExchange(ref _state, (int)to, (int)from) == (int)from;
}
