using System.Net;
using Broker.Protocol.Http;

namespace Broker.Node.Transports.WebSocket;

/// <summary>Decides over requests of clients that come without an upgrade, by the rules for those with one. Thread-safe, does not block.</summary>
internal interface ISessionGate
{
    /// <summary>Whether pages of the request's origin may connect. What is refused is counted and logged.</summary>
    bool AllowsOrigin(RequestHead head, IPAddress peer, bool tls);

    /// <summary>Over a new session, whose origin is allowed: memory, the client's address, readiness, token.</summary>
    /// <param name="head">The request.</param>
    /// <param name="peer">Who the connection is from: the client, or a proxy.</param>
    /// <param name="tls">Whether the connection is encrypted here.</param>
    /// <param name="ticket">The token that a ticket stands for; null: it brought none.</param>
    /// <param name="isConnection">The session has a connection for itself, which is counted; else it is counted beside those.</param>
    UpgradeDecision EvaluateSession(RequestHead head, IPAddress peer, bool tls, string? ticket, bool isConnection);

    /// <summary>Over the token of a request, if it brings one: then its identity is in the answer, and else that of whoever brings none.</summary>
    /// <param name="head">The request.</param>
    /// <param name="peer">Who the connection is from: the client, or a proxy.</param>
    /// <param name="tls">Whether the connection is encrypted here.</param>
    /// <param name="token">Of the header; null: it has none.</param>
    UpgradeDecision EvaluateToken(RequestHead head, IPAddress peer, bool tls, out string? token);
}
