using System.Buffers;
using System.Text;
using System.Threading.Channels;
using Akka.Actor;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Tests.Support;

/// <summary>
/// A transport that is no WebSocket, in memory: a message is a line of JSON, a push a line for each entry of its log, a ping the line
/// <c>ping</c>, and the end the line <c>close</c> with code and reason. Any line of the client's is a sign of life; <c>pong</c> is no more than that.
/// </summary>
internal sealed class LinesTransport : IClientTransport, IBatchOwner, IDirectTransport
{
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<IActorRef> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly ArrayBufferWriter<byte> _line = new();
    private int _closing;
    private bool _ended;
    private bool _reads = true;
    private long _lastReceived;
    private int _inFlight;
    private bool _isBehind;
    private int _largestSend;

    public LinesTransport(long id, UpgradedRequest request, TimeProvider time)
    {
        (Id, Request, _time, _lastReceived) = (id, request, time, time.GetTimestamp());
        Writer = new ConnectionWriter(id)
        {
            Framing = LinesFraming.Instance,
            Observer = new WriterEvents { OnOverrun = () => Tell(ConnectionSignal.Overrun), OnDisown = Abort },
        };
        Writer.Attach(this, Pump);
        Pump();
    }

    public long Id { get; }

    public UpgradedRequest? Request { get; }

    public ConnectionWriter Writer { get; }

    public string EndDetail { get; set; } = "";

    public TimeSpan LongestSilence { get; init; } = TimeSpan.MaxValue;

    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>A line comes whole or not at all.</summary>
    public long MessageBegun => 0;

    public bool ReadingHeld => false;

    public OutputProgress Output => new(Writer.Flushed, Writer.Flushed == Writer.Gathered && !IsBehind && Writer.ControlLength == 0);

    public bool IsBehind => Volatile.Read(ref _isBehind);

    public int InFlight => Volatile.Read(ref _inFlight);

    public int MessageLimit { get; private set; }

    public bool IsClosing => Volatile.Read(ref _closing) != 0;

    /// <summary>Bytes of the largest piece that was handed to the client.</summary>
    public int LargestSend => Volatile.Read(ref _largestSend);

    /// <summary>Whether the client takes what is sent to it.</summary>
    public bool Reads
    {
        get => Volatile.Read(ref _reads);
        set
        {
            Volatile.Write(ref _reads, value);
            Pump();
        }
    }

    /// <summary>The next line for the client; null when the connection has ended.</summary>
    public async Task<string?> ReadAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        return await _lines.Reader.WaitToReadAsync(patience.Token) && _lines.Reader.TryRead(out var line) ? line : null;
    }

    /// <summary>A line of the client's.</summary>
    public async Task SendAsync(string line)
    {
        var actor = await _started.Task;
        Volatile.Write(ref _lastReceived, _time.GetTimestamp());
        if (line != "pong")
        {
            var batch = new MessageBatch(this);
            batch.Add(Encoding.UTF8.GetBytes(line));
            Interlocked.Add(ref _inFlight, batch.Length);
            actor.Tell(batch, ActorRefs.NoSender);
        }
    }

    public bool TryStart(IActorRef actor)
    {
        lock (_gate)
        {
            return !_ended && _started.TrySetResult(actor);
        }
    }

    public void Admit(int messageLimit) => MessageLimit = messageLimit;

    public void Ping() => Writer.Send("ping\n"u8);

    public void Close(DisconnectReason reason, TimeSpan after)
    {
        if (TryBeginClosing())
        {
            Writer.Finish(Encoding.UTF8.GetBytes($"close {reason.Code} {reason.Reason}\n"));
            Tell(ConnectionSignal.Closing);
        }
    }

    public void Cut()
    {
        TryBeginClosing();
        Abort();
    }

    /// <summary>Not here: the caller may be in the middle of draining the writer.</summary>
    public void Abort() => ThreadPool.UnsafeQueueUserWorkItem(
        static transport =>
        {
            lock (transport._gate)
            {
                transport.End();
            }
        },
        this,
        preferLocal: false);

    public void OnTaken(int bytes) => Interlocked.Add(ref _inFlight, -bytes);

    public int TrySend(EgressChunk chunk)
    {
        if (!Reads)
        {
            return 0;
        }

        Volatile.Write(ref _largestSend, Math.Max(_largestSend, chunk.Length));
        for (var rest = chunk.Span; !rest.IsEmpty;)
        {
            var end = rest.IndexOf((byte)'\n');
            _line.Write(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? default : rest[(end + 1)..];
            if (end >= 0)
            {
                _lines.Writer.TryWrite(Encoding.UTF8.GetString(_line.WrittenSpan));
                _line.ResetWrittenCount();
            }
        }

        return chunk.Length;
    }

    /// <summary>What the stages do for a WebSocket: writes while the client takes it and there is something to write, then parks the writer.</summary>
    private void Pump()
    {
        lock (_gate)
        {
            if (_ended || Writer.State != WriterState.Stage)
            {
                return;
            }

            if (Writer.Broken)
            {
                End();
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
                        Volatile.Write(ref _isBehind, true);
                        Tell(ConnectionSignal.Behind);
                        return;
                    }

                    Writer.Written();
                }

                Volatile.Write(ref _isBehind, false);
                if (Writer.Finished)
                {
                    End();
                    return;
                }
            }
            while (!Writer.TryPark());
        }
    }

    private void End()
    {
        if (!_ended)
        {
            _ended = true;
            Writer.Stop();
            _lines.Writer.Complete();
            Tell(ConnectionSignal.Ended);
        }
    }

    private bool TryBeginClosing() => Interlocked.Exchange(ref _closing, 1) == 0;

    private void Tell(ConnectionSignal signal)
    {
        if (_started.Task.IsCompletedSuccessfully)
        {
            _started.Task.Result.Tell(signal, ActorRefs.NoSender);
        }
    }

    /// <summary>A message is a line.</summary>
    private sealed class LinesFraming() : MessageFraming(WireFormat.Json)
    {
        public static readonly LinesFraming Instance = new();

        public override IPushGatherer? CreateGatherer(bool hasWindow) => new LinesGatherer();

        public override ReadOnlySpan<byte> Frame(MessageBuffer message)
        {
            message.Write("\n"u8);
            return message.Written;
        }
    }

    /// <summary>Makes lines of log entries.</summary>
    private sealed class LinesGatherer : IPushGatherer
    {
        private int _end;

        public int Count { get; private set; }

        public int Add(Span<byte> destination, LogSegment segment, int start, int end)
        {
            for (var index = segment.IndexOf(start); start < end; index++)
            {
                var payload = segment.Payload(index, end).Span;
                if (_end + payload.Length + 1 > destination.Length)
                {
                    break;
                }

                payload.CopyTo(destination[_end..]);
                _end += payload.Length;
                destination[_end++] = (byte)'\n';
                start = segment.Entry(index, end).End;
                Count++;
            }

            return start;
        }

        public (int Start, int Length) Finish(Span<byte> destination)
        {
            var length = _end;
            (_end, Count) = (0, 0);
            return (0, length);
        }

        public ArraySegment<byte> Alone(LogSegment segment, int start, int end)
        {
            byte[] line = [.. segment.Payload(segment.IndexOf(start), end).Span, (byte)'\n'];
            return line;
        }
    }
}
