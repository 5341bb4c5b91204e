using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>What a client's <c>Sec-WebSocket-Protocol</c> lines come to: one subprotocol or none, and a token or none.</summary>
internal readonly record struct SubprotocolOffer(string? Selected, string? BearerToken, string? Violation)
{
    private const string Bearer = "bearer.";

    /// <param name="head">The request.</param>
    /// <param name="known">Subprotocols the server speaks; the client's order decides.</param>
    public static SubprotocolOffer Read(RequestHead head, IReadOnlyList<string> known)
    {
        if (head.Count("Sec-WebSocket-Protocol") == 0)
        {
            return default;
        }

        // RFC 6455 section 4.1 item 10: non-empty tokens that are all unique; the header may be split over lines.
        var offered = head.Headers.MembersOf("Sec-WebSocket-Protocol");
        if (offered.Count == 0 || !offered.TrueForAll(member => HttpSyntax.IsToken(member)))
        {
            return Refused("Sec-WebSocket-Protocol is malformed");
        }

        if (new HashSet<string>(offered, StringComparer.Ordinal).Count != offered.Count)
        {
            return Refused("Sec-WebSocket-Protocol names a subprotocol twice");
        }

        var tokens = offered.FindAll(member => member.StartsWith(Bearer, StringComparison.Ordinal));
        if (tokens.Count > 1)
        {
            return Refused("Sec-WebSocket-Protocol carries two different tokens");
        }

        var selected = offered.Find(member => !member.StartsWith(Bearer, StringComparison.Ordinal) && known.Contains(member));
        if (selected is null)
        {
            // Browsers fail a handshake that offers subprotocols and is answered none, so say it with a status.
            return Refused(offered.Count == tokens.Count
                ? "A bearer subprotocol must stand beside one of: " + string.Join(", ", known)
                : "None of the offered subprotocols is known; known are: " + string.Join(", ", known));
        }

        return new SubprotocolOffer(selected, tokens.Count == 0 ? null : tokens[0][Bearer.Length..], null);
    }

    private static SubprotocolOffer Refused(string violation) => new(null, null, violation);
}
