using Broker.Node.Transports.WebSocket;

namespace Broker.Node.Transports.Sessions;

/// <summary>The sessions of the cluster, as requests of clients find them at any node. Thread-safe.</summary>
internal interface ISessions
{
    /// <summary>Opens a session at this node.</summary>
    /// <param name="decision">That lets it in.</param>
    /// <param name="firstPost">Its number.</param>
    /// <param name="outlet">Where its messages go.</param>
    HttpSession Open(UpgradeDecision decision, long firstPost, Func<HttpSession, ISessionOutlet> outlet);

    /// <summary>Asks a session, wherever it is.</summary>
    Task<SessionAnswer> AskAsync(SessionRequest request, CancellationToken gone);

    /// <summary>A ticket for a token that is good; null: there are too many.</summary>
    string? Issue(string token);
}
