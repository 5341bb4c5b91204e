using System.Diagnostics.CodeAnalysis;
using System.Text;
using Akka.Actor;
using Akka.Event;
using Broker.Node.Delivery;

namespace Broker.Node.Connections;

/// <summary>
/// What one session asks the application. While an answer is owed the session does nothing else: what its client has sent behind the question is
/// kept here, which is no more than <c>broker.limits.inbound</c> lets in. Single-threaded: its session's.
/// </summary>
/// <param name="connection">The transport.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="self">The connection's actor, which gets <see cref="HookAnswered"/>.</param>
[SuppressMessage("Design", "CA1001", Justification = "The source has no timer: when it is cancelled there is nothing left to dispose of.")]
internal sealed class SessionHooks(IClientTransport connection, ConnectionServices services, IActorRef self)
{
    private readonly Queue<MessageBatch> _behind = [];
    private readonly CancellationTokenSource _gone = new();
    private Action<HookVerdict>? _then;
    private (MessageBatch Batch, int Message, int Member)? _held;

    /// <summary>An answer is owed.</summary>
    public bool IsWaiting => _then is not null;

    /// <summary>Has the message of the question; null where none asked it.</summary>
    public MessageBatch? Asking => _held?.Batch;

    private UpgradedRequest Request => connection.Request!;

    private string Name => services.Node.NameOf(connection);

    /// <param name="user">Who it is about to be.</param>
    /// <param name="then">Takes the answer: at once where the application has it at once, else in <see cref="Answer"/>.</param>
    public void AskConnect(string? user, Action<HookVerdict> then) =>
        Ask(services.Hooks.ConnectAsync(new HookRequest.Connect(user, Name, Request.Remote), _gone.Token), then);

    /// <inheritdoc cref="AskConnect"/>
    public void AskSubscribe(string? user, ReadOnlyMemory<byte> topic, Action<HookVerdict> then) =>
        Ask(services.Hooks.SubscribeAsync(new HookRequest.Subscribe(user, Name, Request.Remote, Text(topic)), _gone.Token), then);

    /// <summary>The hook gets a copy of the data: it may go on when its time is over.</summary>
    /// <inheritdoc cref="AskConnect"/>
    public void AskPublish(string? user, ReadOnlyMemory<byte> topic, ReadOnlyMemory<byte> data, Action<HookVerdict> then) =>
        Ask(services.Hooks.PublishAsync(new HookRequest.Publish(user, Name, Request.Remote, Text(topic), data.ToArray(), Request.Format), _gone.Token), then);

    /// <summary>Keeps the batch of the question, from the message and its member behind that.</summary>
    public void Hold(MessageBatch batch, int message, int member)
    {
        batch.Retain();
        _held = (batch, message, member);
    }

    public void Add(MessageBatch batch)
    {
        batch.Retain();
        _behind.Enqueue(batch);
    }

    /// <summary>The application has answered; perhaps after <see cref="Drop"/>.</summary>
    public void Answer(HookVerdict verdict)
    {
        var then = _then;
        _then = null;
        then?.Invoke(verdict);
    }

    /// <summary>What was kept, in its order. Who takes a batch releases it.</summary>
    public bool TryTake(out (MessageBatch Batch, int Message, int Member) next)
    {
        if (_held is { } held)
        {
            (next, _held) = (held, null);
            return true;
        }

        var found = _behind.TryDequeue(out var batch);
        next = (batch!, 0, 0);
        return found;
    }

    /// <summary>Nobody waits any longer, and the application is told so. Safe to repeat.</summary>
    public void Drop()
    {
        _then = null;
        _gone.Cancel();
        while (TryTake(out var next))
        {
            next.Batch.Release();
        }
    }

    private void Ask(ValueTask<HookVerdict> asked, Action<HookVerdict> then)
    {
        if (asked.IsCompletedSuccessfully)
        {
            then(asked.Result);
        }
        else
        {
            _then = then;
            _ = TellAsync(asked);
        }
    }

    private async Task TellAsync(ValueTask<HookVerdict> asked) => self.Tell(new HookAnswered(await asked), ActorRefs.NoSender);

    private static string Text(ReadOnlyMemory<byte> topic) => Encoding.UTF8.GetString(topic.Span);
}

/// <summary>For the connection's actor: the application has answered.</summary>
internal sealed record HookAnswered(HookVerdict Verdict) : IDeadLetterSuppression, INoSerializationVerificationNeeded;
