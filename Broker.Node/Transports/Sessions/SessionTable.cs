using System.Collections.Concurrent;
using System.Text;
using Broker.Node.Transports.WebSocket;

namespace Broker.Node.Transports.Sessions;

/// <summary>The sessions of one node, and what their clients ask of them. As many as <c>Admission</c> lets in. Thread-safe.</summary>
/// <param name="node">Uid of the node.</param>
/// <param name="services">Shared by all connections.</param>
/// <param name="accepted">Starts the actor of a session.</param>
/// <param name="tickets">Of the node.</param>
internal sealed class SessionTable(uint node, WebSocketServices services, Action<HttpSession> accepted, TicketTable tickets)
{
    private readonly ConcurrentDictionary<string, HttpSession> _sessions = new(StringComparer.Ordinal);

    /// <inheritdoc cref="ISessions.Open"/>
    public HttpSession Open(UpgradeDecision decision, long firstPost, Func<HttpSession, ISessionOutlet> outlet)
    {
        var name = SessionId.New(node);
        var session = new HttpSession(decision.Request! with { Session = name }, firstPost, decision.Place, services, outlet);
        _sessions[name] = session;
        services.Open.Add(session);
        services.Metrics.Opened(session.Outlet.Kind);
        session.Ended.ContinueWith(_ => _sessions.TryRemove(name, out var _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        session.Pump();
        accepted(session);
        return session;
    }

    /// <inheritdoc cref="ISessions.AskAsync"/>
    public Task<SessionAnswer> AskAsync(SessionRequest request, CancellationToken gone)
    {
        if (request.Kind == SessionRequestKind.Redeem)
        {
            return Task.FromResult(tickets.TryRedeem(request.Session, out var token) ? new SessionAnswer(200, Encoding.UTF8.GetBytes(token)) : SessionAnswer.Refused(401, "The ticket is not good: it is used once, within 30 s."));
        }

        if (!_sessions.TryGetValue(request.Session, out var session))
        {
            return Task.FromResult(SessionAnswer.Gone);
        }

        if (request.User is { } user && session.Request.Identity?.User is { } owner && user != owner)
        {
            return Task.FromResult(SessionAnswer.Refused(403, "The session is another user's."));
        }

        session.Heard();
        switch (request.Kind)
        {
            case SessionRequestKind.Post:
                return request.Body.Length > session.MessageLimit
                    ? Task.FromResult(SessionAnswer.Refused(413, $"At most {session.MessageLimit} bytes."))
                    : session.PostAsync(request.Number, request.Body, gone);
            case SessionRequestKind.Poll:
                return session.Outlet.PollAsync(request, gone);
            case SessionRequestKind.Forget:
                session.Outlet.Forget(request.Poll);
                return Task.FromResult(SessionAnswer.Taken);
            default:
                session.Abort();
                return Task.FromResult(SessionAnswer.Taken);
        }
    }
}
