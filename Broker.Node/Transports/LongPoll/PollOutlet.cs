using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Transports.Sessions;

namespace Broker.Node.Transports.LongPoll;

/// <summary>
/// Answers polls, one at a time. An answer is kept until the client's next poll says by its cursor that it has come, and is given again to
/// a poll that says that it has not. While no poll is there, nothing is taken of the writer: that is the client's lag.
/// </summary>
/// <remarks>
/// Its lock is held for steps of an answer and never while the writer is pumped, since who pumps takes it.
/// <code>
/// state     means                                                 left when
/// no poll   the last answer is kept, or acknowledged              a poll comes: its cursor acknowledges, or has the answer given again
/// waiting   a poll waits, and the writer may send                 something has been sent, its time is over, it is asked for a sign
///                                                                 of life, nobody waits for it, the session ends
/// </code>
/// </remarks>
internal sealed class PollOutlet(HttpSession session, StreamPositions? positions, TimeProvider time) : ISessionOutlet
{
    /// <summary>Bytes of messages after which an answer takes no more.</summary>
    public const int Full = 64 * 1024;

    private readonly Lock _gate = new();
    private MessageCutter _cutter;
    private PollAnswer? _answer;
    private byte[] _kept = [];
    private long _cursor;
    private Waiting? _waiting;
    private bool _isAnswering;
    private bool _hasEnded;

    public ClientTransport Kind => ClientTransport.Poll;

    public TimeSpan LongestSilence => TimeSpan.MaxValue;

    public OutputProgress? Taken => null;

    private bool HasMessages
    {
        get
        {
            lock (_gate)
            {
                return _answer is not null;
            }
        }
    }

    /// <summary>A client is heard of when it polls.</summary>
    public bool IsHeard() => false;

    /// <summary>A poll that waits is answered: the client's next one is the sign of life.</summary>
    public void Ping() => AnswerSoon(Volatile.Read(ref _waiting));

    /// <param name="request">With the cursor of the last answer that has come; 0: none has.</param>
    /// <param name="gone">Nobody waits for the answer.</param>
    public async Task<SessionAnswer> PollAsync(SessionRequest request, CancellationToken gone)
    {
        Waiting waiting;
        lock (_gate)
        {
            if (_hasEnded)
            {
                return SessionAnswer.Gone;
            }

            if (_waiting is { } other)
            {
                if (other.Poll != request.Poll)
                {
                    return SessionAnswer.Refused(409, "Another poll of this session is waiting.");
                }

                other.Answer.TrySetResult(SessionAnswer.Refused(409, "The poll was asked for again."));
                _waiting = null;
            }

            if (request.Cursor == _cursor - 1)
            {
                return new SessionAnswer(200, _kept);
            }

            if (request.Cursor != _cursor)
            {
                return SessionAnswer.Refused(400, $"The cursor is that of the last answer, {_cursor}, or the one before.");
            }

            Keep([]);
            _waiting = waiting = new Waiting(request.Poll);
        }

        session.Pump();
        if (request.Wait > TimeSpan.Zero && !HasMessages)
        {
            await ((Task)waiting.Answer.Task).WaitAsync(request.Wait, time, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (request.IsPart && TryLeave(waiting))
            {
                return SessionAnswer.Nothing;
            }
        }

        Answer(waiting);
        return await waiting.Answer.Task;
    }

    /// <summary>Nobody waits for the poll any more.</summary>
    public void Forget(long poll)
    {
        if (Volatile.Read(ref _waiting) is { } waiting && waiting.Poll == poll)
        {
            Answer(waiting);
        }
    }

    public int TrySend(EgressChunk chunk)
    {
        Waiting? waiting;
        lock (_gate)
        {
            waiting = _waiting;
            if (waiting is null || _answer is { Length: >= Full })
            {
                return 0;
            }

            var rest = chunk.Span;
            while (_cutter.TryCut(ref rest, out var message))
            {
                if (!message.IsEmpty)
                {
                    positions?.Saw(message);
                    (_answer ??= new PollAnswer()).Add(message);
                }
            }

            if (_answer is null || _isAnswering)
            {
                return chunk.Length;
            }

            _isAnswering = true;
        }

        // What else there is comes with it.
        AnswerSoon(waiting);
        return chunk.Length;
    }

    public void End(bool isComplete)
    {
        Waiting? waiting;
        lock (_gate)
        {
            _hasEnded = true;
            waiting = _waiting;
        }

        if (waiting is not null)
        {
            if (HasMessages)
            {
                Answer(waiting);
            }

            waiting.Answer.TrySetResult(SessionAnswer.Gone);
        }
    }

    private void AnswerSoon(Waiting? waiting)
    {
        if (waiting is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Outlet.Answer(state.Waiting), (Outlet: this, Waiting: waiting), preferLocal: false);
        }
    }

    /// <summary>With what there is, if the poll waits still.</summary>
    private void Answer(Waiting waiting)
    {
        byte[] body;
        lock (_gate)
        {
            if (_waiting != waiting)
            {
                return;
            }

            _cursor++;
            body = (_answer ?? new PollAnswer()).Finish(_cursor, positions);
            (_answer, _waiting, _isAnswering) = (null, null, false);
            Keep(body);
        }

        waiting.Answer.TrySetResult(new SessionAnswer(200, body));
    }

    /// <summary>False: it has been answered, or is about to be.</summary>
    private bool TryLeave(Waiting waiting)
    {
        lock (_gate)
        {
            if (_waiting != waiting || _answer is not null)
            {
                return false;
            }

            _waiting = null;
            return true;
        }
    }

    private void Keep(byte[] body)
    {
        session.Hold(HeldSteps.Between(_kept.Length, body.Length));
        _kept = body;
    }

    /// <summary>A poll that has not been answered.</summary>
    private sealed class Waiting(long poll)
    {
        public long Poll => poll;

        public TaskCompletionSource<SessionAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
