using Broker.Protocol.Deflate;
using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>
/// The server's side of the opening handshake: an upgrade (RFC 6455 section 4.2), or in HTTP/2 an extended CONNECT (RFC 8441
/// section 5). Pure and thread-safe.
/// </summary>
public static class ServerHandshake
{
    private static readonly HttpHeader[] UpgradeRequired =
        [new("Upgrade", "websocket"), new("Connection", "Upgrade, close"), new("Sec-WebSocket-Version", "13")];

    /// <summary>Answers a request for a WebSocket. Origins and tokens are judged elsewhere.</summary>
    /// <param name="head">A head that a strict HTTP parser let through; its version says which of the two requests it must be.</param>
    /// <param name="subprotocols">Subprotocols the server speaks; the first of the client's list that is among them is chosen.</param>
    /// <param name="deflate">What the server wants of permessage-deflate; null: it does not speak it.</param>
    public static ServerHandshakeResult Evaluate(RequestHead head, IReadOnlyList<string> subprotocols, DeflateOptions? deflate = null)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(subprotocols);
        if ((head.VersionMajor == 1 ? RefusalOfUpgrade(head) : RefusalOfConnect(head)) is { } refusal)
        {
            return refusal;
        }

        var offer = SubprotocolOffer.Read(head, subprotocols);
        return offer.Violation is { } violation ? Refuse(400, violation) : Accept(head, offer, deflate);
    }

    private static ServerHandshakeResult? RefusalOfUpgrade(RequestHead head)
    {
        // 4.2.1 item 1: an HTTP/1.1 or higher GET request.
        if (head.Method != "GET")
        {
            return Refuse(405, "A WebSocket handshake is a GET request", new HttpHeader("Allow", "GET"), Closing);
        }

        if (head.VersionMinor == 0)
        {
            return Refuse(400, "A WebSocket handshake needs HTTP/1.1");
        }

        // What follows the head would be read as frames here and as a body by a proxy in front.
        if (head.Count("Transfer-Encoding") > 0 || HasLength(head))
        {
            return Refuse(400, "A WebSocket handshake has no body");
        }

        if (head.Headers.MembersOf("Upgrade") is not [var protocol] || !protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse(426, "This is a WebSocket endpoint: send Upgrade: websocket", UpgradeRequired);
        }

        if (!head.HasToken("Connection", "upgrade"))
        {
            return Refuse(426, "This is a WebSocket endpoint: send Connection: Upgrade", UpgradeRequired);
        }

        // 4.4: answer other versions with the one spoken here.
        if (head.Single("Sec-WebSocket-Version") != "13")
        {
            return Refuse(426, "Sec-WebSocket-Version must be 13", UpgradeRequired);
        }

        // 4.2.1 item 5: exactly one key, 16 bytes in base64.
        return AcceptKey.IsKey(head.Single("Sec-WebSocket-Key")) ? null : Refuse(400, "Sec-WebSocket-Key must be one base64 value of 16 bytes");
    }

    /// <summary>RFC 8441 section 5: no Upgrade, no key; origin, version, subprotocols and extensions as ever.</summary>
    private static ServerHandshakeResult? RefusalOfConnect(RequestHead head)
    {
        if (head.Method != "CONNECT")
        {
            return Refuse(405, "This is a WebSocket endpoint: in HTTP/2 send an extended CONNECT", new HttpHeader("Allow", "CONNECT"));
        }

        if (!"websocket".Equals(head.Protocol, StringComparison.OrdinalIgnoreCase))
        {
            return Refuse(501, "The only :protocol here is websocket", []);
        }

        if (HasLength(head))
        {
            return Refuse(400, "A WebSocket handshake has no body", []);
        }

        // 426 asks for an Upgrade, which HTTP/2 has not (RFC 9113 section 8.6).
        return head.Single("Sec-WebSocket-Version") == "13" ? null : Refuse(400, "Sec-WebSocket-Version must be 13", new HttpHeader("Sec-WebSocket-Version", "13"));
    }

    private static bool HasLength(RequestHead head) => head.Count("Content-Length") > 0 && !IsZero(head.Single("Content-Length"));

    private static bool IsZero(string? length) => length is not null && length.Length > 0 && !length.AsSpan().ContainsAnyExcept('0');

    private static ServerHandshakeResult Accept(RequestHead head, SubprotocolOffer offer, DeflateOptions? deflate)
    {
        var isUpgrade = head.VersionMajor == 1;
        List<HttpHeader> headers = isUpgrade
            ? [new("Upgrade", "websocket"), new("Connection", "Upgrade"), new("Sec-WebSocket-Accept", AcceptKey.For(head.Single("Sec-WebSocket-Key")!))]
            : [];
        if (offer.Selected is not null)
        {
            headers.Add(new HttpHeader("Sec-WebSocket-Protocol", offer.Selected));
        }

        string? answer = null;
        var parameters = deflate is null ? null : DeflateNegotiation.Accept(head.Headers, deflate, out answer);
        if (answer is not null)
        {
            headers.Add(new HttpHeader(DeflateNegotiation.Header, answer));
        }

        return new ServerHandshakeResult
        {
            Accepted = true,
            Status = isUpgrade ? 101 : 200,
            Reason = "",
            Headers = headers,
            Subprotocol = offer.Selected,
            BearerToken = offer.BearerToken,
            Deflate = parameters,
        };
    }

    private static HttpHeader Closing => new("Connection", "close");

    private static ServerHandshakeResult Refuse(int status, string reason) => Refuse(status, reason, Closing);

    private static ServerHandshakeResult Refuse(int status, string reason, params ReadOnlySpan<HttpHeader> headers) => new()
    {
        Accepted = false,
        Status = status,
        Reason = reason,
        Headers = headers.ToArray(),
    };
}
