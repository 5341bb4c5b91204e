using Akka.Actor;
using Akka.Event;

namespace Broker.Node.Transports.Sessions;

/// <summary>
/// Carries what clients ask of sessions of other nodes there, and answers what other nodes ask for theirs. What is lost on the way is nobody's
/// fault: whoever asks waits for a time only.
/// </summary>
/// <param name="table">The sessions of this node.</param>
internal sealed class SessionsActor(SessionTable table) : UntypedActor
{
    /// <summary>The actor's name; its path is the same on every node.</summary>
    public const string Name = "sessions";

    /// <summary>Requests of other nodes of which pieces have come; the oldest is given up for another.</summary>
    public const int MaxPartial = 256;

    private readonly Dictionary<long, Pending> _pending = [];
    private readonly Dictionary<(ActorPath Node, long Number), SessionParts> _partial = [];
    private readonly Queue<(ActorPath Node, long Number)> _order = [];
    private long _lastNumber;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Ask ask: OnAsk(ask); break;
            case Forget forget: OnForget(forget); break;
            case SessionPart { IsAnswer: true } part: OnAnswer(part); break;
            case SessionPart part: OnRequest(part); break;
            default: Unhandled(message); break;
        }
    }

    private void OnAsk(Ask ask)
    {
        var number = ++_lastNumber;
        ask.Number = number;
        _pending.Add(number, new Pending(ask.Answer));
        Tell(ask.Node, number, isAnswer: false, SessionCodec.Encode(ask.Request));
    }

    private void OnForget(Forget forget) => _pending.Remove(forget.Ask.Number);

    private void OnAnswer(SessionPart part)
    {
        if (_pending.TryGetValue(part.Number, out var pending) && pending.Parts.Add(part) is { } whole && SessionCodec.DecodeAnswer(whole.Span) is { } answer)
        {
            _pending.Remove(part.Number);
            pending.Answer.TrySetResult(answer);
        }
    }

    private void OnRequest(SessionPart part)
    {
        var whole = part.Bytes.Length == part.Total ? part.Bytes : Assemble((Sender.Path, part.Number), part);
        if (whole is { } bytes && SessionCodec.DecodeRequest(bytes.Span) is { } request)
        {
            _ = AnswerAsync(Sender, part.Number, table.AskAsync(request, CancellationToken.None), Self);
        }
    }

    /// <summary>Null: pieces are missing.</summary>
    private ReadOnlyMemory<byte>? Assemble((ActorPath Node, long Number) from, SessionPart part)
    {
        if (part.From == 0 && _partial.TryAdd(from, new SessionParts()))
        {
            _order.Enqueue(from);
            if (_order.Count > MaxPartial)
            {
                _partial.Remove(_order.Dequeue());
            }
        }

        if (!_partial.TryGetValue(from, out var parts) || parts.Add(part) is not { } whole)
        {
            return null;
        }

        _partial.Remove(from);
        return whole;
    }

    private static async Task AnswerAsync(IActorRef sender, long number, Task<SessionAnswer> answer, IActorRef self)
    {
        var encoded = SessionCodec.Encode(await answer.ConfigureAwait(false));
        foreach (var part in SessionPart.Cut(number, isAnswer: true, encoded))
        {
            sender.Tell(part, self);
        }
    }

    private void Tell(ICanTell node, long number, bool isAnswer, byte[] whole)
    {
        foreach (var part in SessionPart.Cut(number, isAnswer, whole))
        {
            node.Tell(part, Self);
        }
    }

    /// <summary>A client asks a session of another node.</summary>
    public sealed class Ask(ICanTell node, SessionRequest request) : INoSerializationVerificationNeeded, IDeadLetterSuppression
    {
        /// <summary>The other node's actor.</summary>
        public ICanTell Node => node;

        public SessionRequest Request => request;

        public TaskCompletionSource<SessionAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The actor's own.</summary>
        public long Number { get; set; }
    }

    /// <summary>Nobody waits for the answer any more.</summary>
    public sealed record Forget(Ask Ask) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record Pending(TaskCompletionSource<SessionAnswer> Answer)
    {
        public SessionParts Parts { get; } = new();
    }
}
