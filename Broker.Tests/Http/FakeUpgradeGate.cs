using System.Net;
using Broker.Node.Delivery;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Http;
using Broker.Protocol.Wire;

namespace Broker.Tests.Http;

/// <summary>Accepts what carries one <c>Sec-WebSocket-Key</c> on <c>/ws</c>, or in HTTP/2 asks for WebSocket, refuses the rest with 426.</summary>
internal sealed class FakeUpgradeGate : IUpgradeGate
{
    /// <summary>RFC 6455 §1.3's example of a key, and its answer.</summary>
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    public const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    public RequestHead? Head { get; private set; }

    public IPAddress? Remote { get; private set; }

    public bool Tls { get; private set; }

    public bool Owns(string path) => path == "/ws";

    public UpgradeDecision Evaluate(RequestHead head, IPAddress peer, bool tls)
    {
        (Head, Remote, Tls) = (head, peer, tls);
        if (head.Protocol == "websocket")
        {
            return new UpgradeDecision(200, [new("Sec-WebSocket-Protocol", "broker.v1.json")], "", new UpgradedRequest(WireFormat.Json, peer, null));
        }

        var keys = head.Headers.Where(header => header.Name.Equals("Sec-WebSocket-Key", StringComparison.OrdinalIgnoreCase)).ToList();
        if (keys is not [{ Value: Key }])
        {
            const string Body = "upgrade to websocket";
            return new UpgradeDecision(
                426,
                [new("Upgrade", "websocket"), new("Sec-WebSocket-Version", "13"), new("Content-Length", "21"), new("Content-Type", "text/plain"), new("Connection", "close")],
                Body,
                null);
        }

        return new UpgradeDecision(
            101,
            [new("Upgrade", "websocket"), new("Connection", "Upgrade"), new("Sec-WebSocket-Accept", Accept), new("Sec-WebSocket-Protocol", "broker.v1.json")],
            "",
            new UpgradedRequest(WireFormat.Json, peer, null));
    }
}
