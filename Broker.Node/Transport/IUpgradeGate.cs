using System.Net;
using Broker.Protocol.Http;

namespace Broker.Node.Transport;

/// <summary>Decides over WebSocket upgrades, wherever the request was read. Thread-safe, does not block.</summary>
internal interface IUpgradeGate
{
    /// <summary>Whether the path takes WebSocket upgrades; everything else is ASP.NET Core's.</summary>
    bool Owns(string path);

    UpgradeDecision Evaluate(RequestHead head, IPAddress remote, bool tls);
}
