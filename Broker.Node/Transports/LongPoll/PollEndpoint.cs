using Broker.Node.Transports.Sessions;
using Broker.Node.Transports.WebSocket;

namespace Broker.Node.Transports.LongPoll;

/// <summary>Answers polls: the first one opens a session.</summary>
/// <param name="sessions">Open it.</param>
/// <param name="time">Clock of waiting.</param>
internal sealed class PollEndpoint(ISessions sessions, TimeProvider time)
{
    private long _lastPoll = Random.Shared.NextInt64();

    /// <param name="decision">That lets the client in.</param>
    /// <param name="positions">What it wants to be subscribed to; null: it will say itself.</param>
    /// <param name="wait">How long it waits for a message.</param>
    /// <param name="gone">Nobody waits for the answer.</param>
    public async Task<SessionAnswer> OpenAsync(UpgradeDecision decision, StreamPositions? positions, TimeSpan wait, CancellationToken gone)
    {
        var session = sessions.Open(decision, positions is null ? HttpSession.FirstPost : HttpSession.PostForClient, session => new PollOutlet(session, positions, time));
        if (positions is not null && await session.PostAsync(HttpSession.PostForClient, positions.Subscribes(), gone) is { Status: not 204 } refused)
        {
            session.Abort();
            return refused;
        }

        return await session.Outlet.PollAsync(Poll(session.Request.Session!, 0, wait, null), gone);
    }

    /// <param name="name">Of the session.</param>
    /// <param name="cursor">Of the last answer that has come.</param>
    /// <param name="wait">How long the client waits for a message.</param>
    /// <param name="user">Whom the request's token names; null: it has none.</param>
    /// <param name="gone">Nobody waits for the answer.</param>
    public Task<SessionAnswer> PollAsync(string name, long cursor, TimeSpan wait, string? user, CancellationToken gone) =>
        sessions.AskAsync(Poll(name, cursor, wait, user), gone);

    private SessionRequest Poll(string name, long cursor, TimeSpan wait, string? user) =>
        new(SessionRequestKind.Poll, name) { Cursor = cursor, Wait = wait, User = user, Poll = Interlocked.Increment(ref _lastPoll) };
}
