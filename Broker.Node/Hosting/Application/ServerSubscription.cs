using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Broker.Node.Delivery;

namespace Broker.Node.Hosting.Application;

/// <summary>
/// A subscriber inside the process: it has cursors and a writer as a connection has, and what the writer writes goes into a pipe from which
/// the application reads. Thread-safe, but for one reader.
/// </summary>
/// <remarks>
/// As a socket whose buffer is full, a full pipe takes nothing: what comes then waits in the topic's log. Where the writer is handed back
/// (see <see cref="ConnectionWriter"/>, of which this is the stage), <see cref="Pump"/> goes on, on the thread pool, and when the reader
/// has made room.
/// </remarks>
internal sealed class ServerSubscription : IDirectTransport, IWriterObserver
{
    /// <summary>Of no connection's: nothing is withheld as its own.</summary>
    private const long NoConnection = -1;

    private readonly Lock _gate = new();
    private readonly Pipe _pipe;
    private readonly Action<ServerSubscription> _ended;
    private int _end = -1;
    private bool _isFull;
    private bool _isStopped;

    /// <param name="buffer">Bytes that wait for the reader.</param>
    /// <param name="ended">Called once, on the thread pool.</param>
    public ServerSubscription(int buffer, Action<ServerSubscription> ended)
    {
        _ended = ended;
        _pipe = new Pipe(new PipeOptions(pauseWriterThreshold: buffer, resumeWriterThreshold: buffer / 2, useSynchronizationContext: false));
        Writer = new ConnectionWriter(NoConnection) { Framing = LengthFraming.Instance, Observer = this };
        Writer.Attach(this, PumpLater);
        Pump();
    }

    public ConnectionWriter Writer { get; }

    /// <summary>One of a topic, or one in every lane of a pattern. Set before it is posted to a lane.</summary>
    public IReadOnlyList<Subscription> Cursors { get; set; } = [];

    /// <summary>What comes, in its order; ends with <see cref="BrokerSubscriptionException"/>.</summary>
    public async IAsyncEnumerable<BrokerMessage> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new PushReader();
        try
        {
            while (true)
            {
                var read = await _pipe.Reader.ReadAsync(cancellationToken);
                var rest = read.Buffer;
                var message = Take(ref rest);

                // Before the message is handed on: what it took is room.
                _pipe.Reader.AdvanceTo(rest.Start, message is null ? rest.End : rest.Start);
                if (message is not null)
                {
                    yield return reader.Read(message);
                }
                else if (read.IsCompleted)
                {
                    throw EndOf((SubscriptionEnd)Volatile.Read(ref _end));
                }
            }
        }
        finally
        {
            await _pipe.Reader.CompleteAsync();
        }
    }

    /// <summary>Nothing more comes. The first reason counts.</summary>
    public void End(SubscriptionEnd reason)
    {
        if (Interlocked.CompareExchange(ref _end, (int)reason, -1) == -1)
        {
            // Not here: the caller may be in the middle of draining the writer.
            ThreadPool.UnsafeQueueUserWorkItem(static subscription => subscription.Stop(), this, preferLocal: false);
        }
    }

    public int TrySend(EgressChunk chunk)
    {
        if (Volatile.Read(ref _isFull))
        {
            return 0;
        }

        _pipe.Writer.Write(chunk.Span);
        Volatile.Write(ref _isFull, true);
        var flush = _pipe.Writer.FlushAsync();
        if (flush.IsCompleted)
        {
            Volatile.Write(ref _isFull, false);
        }
        else
        {
            _ = PumpWhenTakenAsync(flush);
        }

        return chunk.Length;
    }

    void IWriterObserver.Overrun() => End(SubscriptionEnd.TooSlow);

    void IWriterObserver.Disown() => End(SubscriptionEnd.Lost);

    void IWriterObserver.Failed(Exception error) => End(SubscriptionEnd.Lost);

    private static BrokerSubscriptionException EndOf(SubscriptionEnd reason) => new(reason, null, reason switch
    {
        SubscriptionEnd.TooSlow => "The reader did not keep up.",
        SubscriptionEnd.Stopped => "The node stops.",
        _ => "The node has lost its topics, or touch with the others.",
    });

    /// <summary>The first message, if all of it is there; the buffer goes on behind it.</summary>
    private static byte[]? Take(ref ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadBigEndian(out int length) || reader.Remaining < length)
        {
            return null;
        }

        var message = buffer.Slice(LengthFraming.Header, length);
        buffer = buffer.Slice(message.End);
        return message.ToArray();
    }

    private async Task PumpWhenTakenAsync(ValueTask<FlushResult> flush)
    {
        await flush;
        Volatile.Write(ref _isFull, false);
        Pump();
    }

    private void PumpLater() => ThreadPool.UnsafeQueueUserWorkItem(static subscription => subscription.Pump(), this, preferLocal: false);

    /// <summary>Writes while there is room and something to write, then parks the writer.</summary>
    private void Pump()
    {
        lock (_gate)
        {
            if (_isStopped || Writer.State != WriterState.Stage || Writer.Broken)
            {
                return;
            }

            do
            {
                while (Writer.Gather())
                {
                    if (!Writer.MayLeave())
                    {
                        return;
                    }

                    if (TrySend(Writer.Chunk) == 0)
                    {
                        Writer.KeepChunk();
                        Writer.IsBehind = true;
                        return;
                    }

                    Writer.Written();
                }
            }
            while (!Writer.TryPark());
        }
    }

    private void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
            Writer.Stop();
            _pipe.Writer.Complete();
        }

        _ended(this);
    }
}
