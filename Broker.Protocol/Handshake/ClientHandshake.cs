using System.Security.Cryptography;
using Broker.Protocol.Deflate;
using Broker.Protocol.Http;

namespace Broker.Protocol.Handshake;

/// <summary>The client's side of the opening handshake (RFC 6455 section 4.1). Pure but for the random key; thread-safe.</summary>
public static class ClientHandshake
{
    /// <param name="host">The Host header: <c>host</c> or <c>host:port</c>.</param>
    /// <param name="target">Path and query, starting with <c>/</c>.</param>
    /// <param name="subprotocols">In order of preference; unique tokens.</param>
    /// <param name="headers">Further headers.</param>
    /// <param name="deflate">What to offer of permessage-deflate; null: nothing.</param>
    /// <exception cref="ArgumentException">An argument cannot stand in a request head.</exception>
    public static ClientHandshakeRequest CreateRequest(
        string host,
        string target,
        IReadOnlyList<string>? subprotocols = null,
        IReadOnlyList<HttpHeader>? headers = null,
        DeflateParameters? deflate = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        subprotocols ??= [];
        headers ??= [];
        if (!Authority.TryParse(host, out _))
        {
            throw new ArgumentException("Not a host with an optional port.", nameof(host));
        }

        if (!target.StartsWith('/') || target.AsSpan().ContainsAnyExceptInRange('\x21', '\x7E'))
        {
            throw new ArgumentException("Not a path with an optional query.", nameof(target));
        }

        if (subprotocols.Any(name => !HttpSyntax.IsToken(name)) || subprotocols.Distinct(StringComparer.Ordinal).Count() != subprotocols.Count)
        {
            throw new ArgumentException("Not unique tokens.", nameof(subprotocols));
        }

        if (headers.Any(header => !HttpSyntax.IsToken(header.Name) || !ResponseHead.IsValue(header.Value)))
        {
            throw new ArgumentException("Not header lines.", nameof(headers));
        }

        return new ClientHandshakeRequest
        {
            Host = host,
            Target = target,
            Key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16)),
            Subprotocols = subprotocols,
            Headers = headers,
            Deflate = deflate,
        };
    }

    /// <summary>Judges the response; on a violation the client MUST fail the connection (RFC 6455 section 4.1).</summary>
    public static ClientHandshakeResult Validate(ClientHandshakeRequest request, HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        if (Violation(request, response) is { } violation)
        {
            return new ClientHandshakeResult(false, violation, null);
        }

        var answered = response.Headers.CountOf(DeflateNegotiation.Header) > 0;
        var deflate = answered && request.Deflate is { } offer ? DeflateNegotiation.ReadAnswer(response.Headers, offer) : null;
        return answered && deflate is null
            ? new ClientHandshakeResult(false, "Sec-WebSocket-Extensions answers what was not offered", null)
            : new ClientHandshakeResult(true, "", response.Headers.SingleOf("Sec-WebSocket-Protocol"), deflate);
    }

    private static string? Violation(ClientHandshakeRequest request, HttpResponse response)
    {
        var headers = response.Headers;
        if (response.Status != 101)
        {
            return $"Status {response.Status} instead of 101";
        }

        if (response.VersionMinor == 0)
        {
            return "101 in HTTP/1.0";
        }

        if (headers.MembersOf("Upgrade") is not [var protocol] || !protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            return "Upgrade is not websocket";
        }

        if (!headers.HasToken("Connection", "upgrade"))
        {
            return "Connection has no upgrade";
        }

        if (headers.SingleOf("Sec-WebSocket-Accept") != AcceptKey.For(request.Key))
        {
            return "Sec-WebSocket-Accept does not match the key";
        }

        return headers.CountOf("Sec-WebSocket-Protocol") switch
        {
            0 => null,
            1 when request.Subprotocols.Contains(headers.SingleOf("Sec-WebSocket-Protocol")) => null,
            _ => "Sec-WebSocket-Protocol answers what was not offered",
        };
    }
}

/// <summary>What a client made of the server's answer.</summary>
/// <param name="Accepted">Whether the connection is open.</param>
/// <param name="Reason">Why not; empty when accepted.</param>
/// <param name="Subprotocol">The one the server chose; null for none.</param>
/// <param name="Deflate">What was agreed on of permessage-deflate; null: nothing.</param>
public sealed record ClientHandshakeResult(bool Accepted, string Reason, string? Subprotocol, DeflateParameters? Deflate = null);
