using Broker.Protocol.Deflate;
using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>The answer to a request for a WebSocket: either accepted or a refusal, never something between.</summary>
public sealed record ServerHandshakeResult
{
    public required bool Accepted { get; init; }

    /// <summary>101 when accepted, in HTTP/2 200; else 400, 405, 426 or 501.</summary>
    public required int Status { get; init; }

    /// <summary>The body of a refusal, ASCII plain text; empty when accepted.</summary>
    public required string Reason { get; init; }

    /// <summary>All response headers; of a refused upgrade <c>Connection: close</c> too.</summary>
    public required IReadOnlyList<HttpHeader> Headers { get; init; }

    /// <summary>The subprotocol answered; null when the client offered none.</summary>
    public string? Subprotocol { get; init; }

    /// <summary>What was agreed on of permessage-deflate; null: nothing.</summary>
    public DeflateParameters? Deflate { get; init; }

    /// <summary>The rest of an offered <c>bearer.</c> subprotocol (possibly empty, then no valid token); null when none was offered.</summary>
    public string? BearerToken { get; init; }
}
