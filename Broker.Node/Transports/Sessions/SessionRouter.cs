using Akka.Actor;

namespace Broker.Node.Transports.Sessions;

/// <summary>
/// Asks a session at the node whose name is in the session's. A poll waits there for a short time only and is asked again, so that a poll
/// whose node has died does not stand in the way of the client's next one. Thread-safe.
/// </summary>
/// <param name="self">Uid of this node.</param>
/// <param name="table">The sessions of this node.</param>
/// <param name="actor">Carries requests to other nodes.</param>
/// <param name="find">The actor of another node; null: the node is not there, or cannot be reached.</param>
/// <param name="time">Clock of waiting.</param>
internal sealed class SessionRouter(uint self, SessionTable table, IActorRef actor, Func<uint, ICanTell?> find, TimeProvider time)
{
    /// <summary>How long a poll waits at another node before it is asked again.</summary>
    public static readonly TimeSpan Part = TimeSpan.FromSeconds(5);

    /// <summary>For the way there and back.</summary>
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(2);

    /// <inheritdoc cref="ISessions.AskAsync"/>
    public async Task<SessionAnswer> AskAsync(SessionRequest request, CancellationToken gone)
    {
        if (!SessionId.TryReadNode(request.Session, out var node))
        {
            return SessionAnswer.Gone;
        }

        if (node == self)
        {
            return await table.AskAsync(request, gone);
        }

        return request.Kind == SessionRequestKind.Poll
            ? await PollAsync(node, request, gone)
            : await AskAsync(node, request, PostOrder.Patience + Way, gone);
    }

    private async Task<SessionAnswer> PollAsync(uint node, SessionRequest request, CancellationToken gone)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var left = request.Wait - time.GetElapsedTime(begun);
            var isPart = left > Part;
            var answer = await AskAsync(node, request with { Wait = isPart ? Part : left > TimeSpan.Zero ? left : TimeSpan.Zero, IsPart = isPart }, Part + Way, gone);
            if (gone.IsCancellationRequested)
            {
                await ForgetAsync(node, request);
                return answer;
            }

            if (answer.Status != SessionAnswer.Nothing.Status)
            {
                return answer;
            }
        }
    }

    private async Task ForgetAsync(uint node, SessionRequest poll) =>
        await AskAsync(node, new SessionRequest(SessionRequestKind.Forget, poll.Session) { Poll = poll.Poll, User = poll.User }, Way, CancellationToken.None);

    private async Task<SessionAnswer> AskAsync(uint node, SessionRequest request, TimeSpan patience, CancellationToken gone)
    {
        if (find(node) is not { } other)
        {
            return SessionAnswer.Gone;
        }

        var ask = new SessionsActor.Ask(other, request);
        actor.Tell(ask, ActorRefs.NoSender);
        await ((Task)ask.Answer.Task).WaitAsync(patience, time, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ask.Answer.Task.IsCompleted)
        {
            return await ask.Answer.Task;
        }

        actor.Tell(new SessionsActor.Forget(ask), ActorRefs.NoSender);
        return find(node) is null ? SessionAnswer.Gone : SessionAnswer.Refused(503, "The node of the session does not answer: ask the same again.");
    }
}
