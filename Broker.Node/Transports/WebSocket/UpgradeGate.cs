using System.Diagnostics.CodeAnalysis;
using System.Net;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Protocol.Deflate;
using Broker.Protocol.Handshake;
using Broker.Protocol.Http;
using Broker.Protocol.Wire;

namespace Broker.Node.Transports.WebSocket;

/// <summary>
/// Admits WebSockets, in whatever version of HTTP they are asked for: handshake, parameters, readiness, origin, token. What a browser can only read on an open connection
/// (a bad token it sent, an origin where so configured) is accepted here and closed by the connection's actor.
/// </summary>
/// <param name="services">Shared by all connections.</param>
/// <param name="origins">Allowed origins.</param>
/// <param name="proxies">Who is believed about a client's address.</param>
/// <param name="forwarders">Told of those who are not.</param>
/// <param name="admission">Counts clients that proxies bring, and knows when memory is short.</param>
/// <param name="isReady">Whether this node serves clients now.</param>
/// <param name="users">Of the application.</param>
/// <param name="log">Every refusal.</param>
internal sealed class UpgradeGate(
    ConnectionServices services,
    OriginPolicy origins,
    TrustedProxies proxies,
    UntrustedForwarders forwarders,
    Admission admission,
    Func<bool> isReady,
    ApplicationUsers users,
    ConnectionLog log) : IUpgradeGate, ISessionGate
{
    /// <summary>With both contexts, and every message compressed: that is what suites are to see.</summary>
    private static readonly DeflateOptions EchoDeflate = new() { Threshold = 0 };

    private readonly BrokerOptions _options = services.Options;
    private readonly DeflateOptions? _deflate = services.Options.Deflate.Enabled ? BrokerDeflate(services.Options.Deflate) : null;
    private readonly bool _isLoopback = IPAddress.IsLoopback(IPAddress.Parse(services.Options.Listen.Host));
    private readonly HashSet<string> _paths = new(services.Options.Listen.Paths, StringComparer.Ordinal);

    public bool Owns(string path) => IsEcho(path) || _paths.Contains(path);

    public UpgradeDecision Evaluate(RequestHead head, IPAddress peer, bool tls) => Admit(head, peer, remote => Decide(head, remote, peer, tls));

    public UpgradeDecision EvaluateSession(RequestHead head, IPAddress peer, bool tls, string? ticket, bool isConnection)
    {
        if (isConnection)
        {
            return Admit(head, peer, remote => DecideSession(head, remote, ticket, tls));
        }

        var remote = proxies.ClientOf(head, peer, out _);
        var (lease, refusal) = admission.Enter(remote, static _ => { });
        if (lease is null)
        {
            log.Refused(remote, refusal);
            return refusal == AdmissionRefusal.Address
                ? Answer(429, "Too many connections.", new HttpHeader("Retry-After", "5"))
                : Answer(503, "The node has no room for more connections.", new HttpHeader("Retry-After", "5"));
        }

        lease.HandshakeDone();
        return With(lease, DecideSession(head, remote, ticket, tls));
    }

    public bool AllowsOrigin(RequestHead head, IPAddress peer, bool tls)
    {
        // A browser names no origin where it takes the page for this node's own, which one of a name that was made to point here is not.
        var own = OwnHost(head, peer);
        if (head.Count("Origin") == 0 ? own.Length > 0 || proxies.Contains(peer) : origins.Allows(head, own, tls))
        {
            return true;
        }

        log.OriginRefused(proxies.ClientOf(head, peer, out _), head.Single("Origin") ?? "");
        services.Metrics.HandshakeRefused(HandshakeRefusal.Origin);
        return false;
    }

    public UpgradeDecision EvaluateToken(RequestHead head, IPAddress peer, bool tls, out string? token)
    {
        TryReadBearer(head, out token);
        return AsStatus(Authenticate(head, NoUpgrade(null), proxies.ClientOf(head, peer, out _), TimeSpan.Zero, tls)) with { Later = null };
    }

    private UpgradeDecision Admit(RequestHead head, IPAddress peer, Func<IPAddress, UpgradeDecision> decide)
    {
        var remote = proxies.ClientOf(head, peer, out var isUnreadable);

        // Also on a connection that was let in before, which a proxy may have kept for hours.
        if (admission.MustShed())
        {
            services.Metrics.ConnectionRefused(AdmissionRefusal.Memory);
            log.Refused(remote, AdmissionRefusal.Memory);
            return Answer(503, "The node has no memory for more connections.", new HttpHeader("Retry-After", "5"));
        }

        if (isUnreadable)
        {
            forwarders.Unreadable(peer);
        }

        if (remote.Equals(peer) || proxies.Contains(remote))
        {
            if (!proxies.Contains(peer))
            {
                forwarders.Saw(head, peer);
            }

            return decide(remote);
        }

        // Before any work for it: the address's other connections hold its share.
        if (admission.TryClaim(remote) is not { } place)
        {
            services.Metrics.ConnectionRefused(AdmissionRefusal.Address);
            log.Refused(remote, AdmissionRefusal.Address);
            return Answer(429, "Too many connections.", new HttpHeader("Retry-After", "5"));
        }

        return With(place, decide(remote));
    }

    private static UpgradeDecision With(IDisposable place, UpgradeDecision decision)
    {
        if (decision.Request is not null)
        {
            return decision with { Place = place };
        }

        place.Dispose();
        return decision;
    }

    private UpgradeDecision DecideSession(RequestHead head, IPAddress remote, string? ticket, bool tls) =>
        !BatchParameter.TryRead(head, out var window) ? RefuseBatch(remote)
        : isReady() ? AsStatus(Authenticate(head, NoUpgrade(ticket), remote, window, tls))
        : RefuseUnready(remote);

    private UpgradeDecision RefuseBatch(IPAddress remote) =>
        Refuse(remote, HandshakeRefusal.Upgrade, 400, $"batch is one number of milliseconds, 0 to {BatchWindow.Longest.TotalMilliseconds}.");

    private UpgradeDecision RefuseUnready(IPAddress remote) =>
        Refuse(remote, HandshakeRefusal.NotReady, 503, "The node is not ready.", new HttpHeader("Retry-After", "1"));

    /// <summary>Who sends a request that is no upgrade reads its status, wherever the token was.</summary>
    private UpgradeDecision AsStatus(UpgradeDecision decision) =>
        decision.Request is { TokenError: not ErrorCode.None and var error } request ? RefuseToken(request.Remote, error, request.TokenWhy) : decision;

    /// <param name="token">Instead of a subprotocol's; null: none.</param>
    private static ServerHandshakeResult NoUpgrade(string? token) => new() { Accepted = true, Status = 200, Reason = "", Headers = [], BearerToken = token };

    private UpgradeDecision RefuseToken(IPAddress remote, ErrorCode error, string why)
    {
        Note(remote, HandshakeRefusal.Token, $"{ErrorCodes.Text(error)}: {why}");
        return Answer(401, ErrorCodes.Text(error), new HttpHeader("WWW-Authenticate", "Bearer error=\"invalid_token\""));
    }

    private UpgradeDecision Decide(RequestHead head, IPAddress remote, IPAddress peer, bool tls)
    {
        var echo = IsEcho(head.Path);
        var handshake = echo ? ServerHandshake.Evaluate(head, [], EchoDeflate) : ServerHandshake.Evaluate(head, WireFormats.Subprotocols, _deflate);
        if (!handshake.Accepted)
        {
            Note(remote, HandshakeRefusal.Upgrade, handshake.Reason);
            return new UpgradeDecision(handshake.Status, handshake.Headers, handshake.Reason, null);
        }

        var window = TimeSpan.Zero;
        if (!echo && !BatchParameter.TryRead(head, out window))
        {
            return RefuseBatch(remote);
        }

        if (!isReady())
        {
            return RefuseUnready(remote);
        }

        if (!origins.Allows(head, OwnHost(head, peer), tls))
        {
            log.OriginRefused(remote, head.Single("Origin") ?? "");
            if (_options.Origins.Refuse == OriginRefusal.Status)
            {
                services.Metrics.HandshakeRefused(HandshakeRefusal.Origin);
                return Answer(403, DisconnectReasons.OriginNotAllowed.Reason);
            }

            return Accept(handshake, new UpgradedRequest(Format(handshake), remote, null) { Echo = echo, OriginRefused = true });
        }

        return echo
            ? Accept(handshake, new UpgradedRequest(WireFormat.Json, remote, null) { Echo = true })
            : Authenticate(head, handshake, remote, window, tls);
    }

    /// <summary>
    /// The host whose pages are this node's own. On a loopback listener only the names of loopback are: any other name was made to
    /// point here by whoever owns it (DNS rebinding), and its pages would be let in as the own ones. A trusted proxy's word counts.
    /// </summary>
    private string OwnHost(RequestHead head, IPAddress peer)
    {
        var lines = head.Headers.Where(static line => line.Name.Equals("X-Forwarded-Host", StringComparison.OrdinalIgnoreCase)).Select(static line => line.Value);
        var host = proxies.HostOf(lines, peer, head.Host ?? "", out var isForwarded);
        return isForwarded || !_isLoopback || (Authority.TryParse(host, out var own) && IsLoopbackName(own.Host)) ? host : "";
    }

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private bool IsEcho(string path) => _options.Echo.Enabled && path == EchoOptions.Path;

    private UpgradeDecision Authenticate(RequestHead head, ServerHandshakeResult handshake, IPAddress remote, TimeSpan window, bool tls)
    {
        if (!TryReadBearer(head, out var bearer))
        {
            return Refuse(remote, HandshakeRefusal.Token, 400, "One Authorization header with a bearer token.");
        }

        var header = users.OwnsBearer ? null : bearer;
        var query = _options.Auth.QueryToken ? head.QueryParameters("token") : [];
        var token = header ?? handshake.BearerToken ?? (query.Count > 0 ? query[0] : null);
        if (token is null)
        {
            var anonymous = _options.Auth.Anonymous ? Identity.Anonymous(services.Tokens.AnonymousRights) : null;
            var accepted = Accept(handshake, new UpgradedRequest(Format(handshake), remote, anonymous) { BatchWindow = window });
            return users.Enabled ? accepted with { Later = gone => AdmitUserAsync(accepted, head, hasBearer: bearer is not null, tls, gone) } : accepted;
        }

        if (new[] { header, handshake.BearerToken }.Concat(query).Any(other => other is not null && other != token))
        {
            return Refuse(remote, HandshakeRefusal.Token, 400, "Two different tokens.");
        }

        var result = services.Tokens.Validate(token, remote);
        if (result.IsThrottled)
        {
            Note(remote, HandshakeRefusal.Throttled, result.Why);
            return Answer(429, "Too many invalid tokens.", new HttpHeader("Retry-After", "60"));
        }

        if (result.Error == ErrorCode.Unavailable)
        {
            Note(remote, HandshakeRefusal.Keys, result.Why);
            return Answer(503, ErrorCodes.Text(result.Error), new HttpHeader("Retry-After", "1"));
        }

        if (result.Identity is null && header is not null)
        {
            return RefuseToken(remote, result.Error, result.Why);
        }

        return Accept(handshake, new UpgradedRequest(Format(handshake), remote, result.Identity) { TokenError = result.Error, TokenWhy = result.Why, BatchWindow = window });
    }

    /// <summary>The application's user, where one is signed in; else what was decided without.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever the application throws, its client gets an answer.")]
    private async Task<UpgradeDecision> AdmitUserAsync(UpgradeDecision accepted, RequestHead head, bool hasBearer, bool tls, CancellationToken gone)
    {
        var remote = accepted.Request!.Remote;
        try
        {
            var (user, silence) = await users.AuthenticateAsync(head, remote, tls, gone);
            return silence switch
            {
                ApplicationSilence.Busy => NotNow("Too many handshakes wait for the application."),
                ApplicationSilence.Late => NotNow("The application did not say in time who its user is."),
                ApplicationSilence.Gone => Answer(503, ""),
                _ when user is null => accepted,

                // A browser sends cookies whosever page asks, and then the origin, or says that the page is of the same one; nobody can make it send a bearer token of another site.
                _ when hasBearer || head.Count("Origin") > 0 || head.Single("Sec-Fetch-Site") == "same-origin" => accepted with { Request = accepted.Request with { Identity = user } },
                _ => Refuse(remote, HandshakeRefusal.Origin, 403, "A signed-in user needs an Origin."),
            };
        }
        catch (Exception e)
        {
            services.Metrics.HandshakeRefused(HandshakeRefusal.Application);
            log.ApplicationFailed(remote, e);
            return Answer(500, "The application could not say who its user is.");
        }

        UpgradeDecision NotNow(string why) => Refuse(remote, HandshakeRefusal.Application, 503, why, new HttpHeader("Retry-After", "1"));
    }

    private static WireFormat Format(ServerHandshakeResult handshake) => WireFormats.OfSubprotocol(handshake.Subprotocol);

    /// <summary>A header of another scheme, which is a proxy's, or without a token brings none.</summary>
    /// <returns>False: more than one brings a token.</returns>
    private static bool TryReadBearer(RequestHead head, out string? token)
    {
        const string Scheme = "Bearer ";
        token = null;
        foreach (var (name, value) in head.Headers)
        {
            if (!name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
                || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                || value[Scheme.Length..].Trim() is not { Length: > 0 } bearer)
            {
                continue;
            }

            if (token is not null)
            {
                return false;
            }

            token = bearer;
        }

        return true;
    }

    /// <summary>
    /// Pushes are shared, so the server has no context per connection; and a client that keeps none either costs nothing while
    /// it is idle.
    /// </summary>
    private static DeflateOptions BrokerDeflate(MessageDeflateOptions options) => new()
    {
        ServerNoContextTakeover = true,
        ClientNoContextTakeover = true,
        Threshold = options.Threshold,
        Level = options.CompressionLevel,
    };

    private static UpgradeDecision Accept(ServerHandshakeResult handshake, UpgradedRequest request) =>
        new(handshake.Status, handshake.Headers, "", request with { Compression = handshake.Deflate });

    private UpgradeDecision Refuse(IPAddress remote, HandshakeRefusal reason, int status, string body, params IReadOnlyList<HttpHeader> headers)
    {
        Note(remote, reason, body);
        return Answer(status, body, headers);
    }

    private void Note(IPAddress remote, HandshakeRefusal reason, string detail)
    {
        services.Metrics.HandshakeRefused(reason);
        log.Refused(remote, reason, detail);
    }

    private static UpgradeDecision Answer(int status, string body, params IReadOnlyList<HttpHeader> headers) => new(status, [.. headers, new HttpHeader("Connection", "close")], body, null);
}
