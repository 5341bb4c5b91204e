using System.Net;
using Broker.Node.Configuration;
using Broker.Node.Transport;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;
using Broker.Protocol.Wire;

namespace Broker.Node.Connections;

/// <summary>
/// Admits WebSocket upgrades: handshake, readiness, origin, token. What a browser can only read on an open connection
/// (a bad token it sent, an origin where so configured) is accepted here and closed by the connection's actor.
/// </summary>
/// <param name="services">Shared by all connections.</param>
/// <param name="origins">Allowed origins.</param>
/// <param name="isReady">Whether this node serves clients now.</param>
/// <param name="logger">Refusals that a setting explains.</param>
internal sealed partial class UpgradeGate(ConnectionServices services, OriginPolicy origins, Func<bool> isReady, ILogger<UpgradeGate> logger) : IUpgradeGate
{
    private static readonly IReadOnlyList<string> Subprotocols = ["broker.v1.json"];

    private readonly BrokerOptions _options = services.Options;
    private readonly HashSet<string> _paths = new(services.Options.Listen.Paths, StringComparer.Ordinal);

    public bool Owns(string path) => _paths.Contains(path);

    public UpgradeDecision Evaluate(RequestHead head, IPAddress remote, bool tls)
    {
        var handshake = ServerHandshake.Evaluate(head, Subprotocols);
        if (!handshake.Accepted)
        {
            return new UpgradeDecision(handshake.Status, handshake.Headers, handshake.Reason, null);
        }

        if (!isReady())
        {
            return Refuse(503, "The node is not ready.", new HttpHeader("Retry-After", "1"));
        }

        if (!origins.Allows(head, tls))
        {
            OriginRefused(head.Single("Origin") ?? "", remote);
            return _options.Origins.Refuse == OriginRefusal.Status
                ? Refuse(403, DisconnectReasons.OriginNotAllowed.Reason)
                : Accept(handshake, new UpgradedRequest(WireFormat.Json, remote, null) { OriginRefused = true });
        }

        return Authenticate(head, handshake, remote);
    }

    private UpgradeDecision Authenticate(RequestHead head, ServerHandshakeResult handshake, IPAddress remote)
    {
        if (head.Count("Authorization") > 1 || !TryReadBearer(head, out var header))
        {
            return Refuse(head.Count("Authorization") > 1 ? 400 : 401, "One Authorization header with a bearer token.", new HttpHeader("WWW-Authenticate", "Bearer"));
        }

        var query = _options.Auth.QueryToken ? head.QueryParameter("token") : null;
        var token = header ?? handshake.BearerToken ?? query;
        if (token is null)
        {
            var anonymous = _options.Auth.Anonymous ? Identity.Anonymous(services.AnonymousRights) : null;
            return Accept(handshake, new UpgradedRequest(WireFormat.Json, remote, anonymous));
        }

        if (new[] { header, handshake.BearerToken, query }.Any(other => other is not null && other != token))
        {
            return Refuse(400, "Two different tokens.");
        }

        if (!services.Guesses.MayTry(remote))
        {
            return Refuse(429, "Too many invalid tokens.", new HttpHeader("Retry-After", "60"));
        }

        var result = services.Tokens.Validate(token);
        if (result.Error == ErrorCode.InvalidToken)
        {
            services.Guesses.Failed(remote);
        }

        if (result.Error == ErrorCode.Unavailable)
        {
            return Refuse(503, ErrorCodes.Text(result.Error), new HttpHeader("Retry-After", "1"));
        }

        if (result.Identity is null && header is not null)
        {
            return Refuse(401, ErrorCodes.Text(result.Error), new HttpHeader("WWW-Authenticate", "Bearer error=\"invalid_token\""));
        }

        return Accept(handshake, new UpgradedRequest(WireFormat.Json, remote, result.Identity) { TokenError = result.Error });
    }

    /// <returns>False: a header of another scheme.</returns>
    private static bool TryReadBearer(RequestHead head, out string? token)
    {
        const string Scheme = "Bearer ";
        token = null;
        if (head.Single("Authorization") is not { } value)
        {
            return true;
        }

        if (!value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        token = value[Scheme.Length..].Trim();
        return true;
    }

    private static UpgradeDecision Accept(ServerHandshakeResult handshake, UpgradedRequest request) => new(101, handshake.Headers, "", request);

    private static UpgradeDecision Refuse(int status, string body, params IReadOnlyList<HttpHeader> headers) => new(status, [.. headers, new HttpHeader("Connection", "close")], body, null);

    [LoggerMessage(1001, LogLevel.Information, "Refused origin {Origin} of {Remote}; broker.origins.allow decides")]
    private partial void OriginRefused(string origin, IPAddress remote);
}
