using System.Net;
using Broker.Protocol.Http;

namespace Broker.Node.Transports.WebSocket;

/// <summary>Decides over requests for WebSockets, wherever they were read. Thread-safe, does not block.</summary>
internal interface IUpgradeGate
{
    /// <summary>Whether the path is one of WebSockets; everything else is ASP.NET Core's.</summary>
    bool Owns(string path);

    /// <param name="head">The request.</param>
    /// <param name="peer">Who the connection is from: the client, or a proxy.</param>
    /// <param name="tls">Whether the connection is encrypted here.</param>
    UpgradeDecision Evaluate(RequestHead head, IPAddress peer, bool tls);
}
