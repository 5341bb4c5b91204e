using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Claims;
using System.Text;
using Broker.Node.Configuration;
using Broker.Node.Configuration.Options;
using Broker.Protocol.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Node.Auth;

/// <summary>
/// Whom the application's own authentication takes the sender of an upgrade for. The request never reaches the application's pipeline:
/// a context is made of its head, and nothing but the authentication looks at it. Thread-safe.
/// </summary>
/// <param name="options">Which scheme, and what its users may do.</param>
/// <param name="schemes">The application's; null: it has no authentication.</param>
/// <param name="contexts">Makes a context as the application's web server does.</param>
/// <param name="scopes">Services of one request.</param>
/// <param name="time">Clock for the end of connections.</param>
/// <param name="most">How many it may be asked about at the same time.</param>
internal sealed class ApplicationUsers(
    AuthOptions options, IAuthenticationSchemeProvider? schemes, IHttpContextFactory contexts, IServiceScopeFactory scopes, TimeProvider time, int most)
    : IHostedService
{
    private readonly RightsTemplate? _rights = RightsTemplate.TryCreate(options.DefaultRights, out var rights, out _) ? rights : null;
    private int _asking;

    public bool Enabled => options.Application.Enabled;

    /// <summary>A bearer token can only be the application's: the node has no keys.</summary>
    public bool OwnsBearer => Enabled && options.Keys.Count == 0;

    /// <exception cref="ConfigurationException">The application does not have what the configuration asks for.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!Enabled)
        {
            return;
        }

        if (schemes is null)
        {
            throw new ConfigurationException(["broker.auth.application.enabled: on, but the application has no authentication: call AddAuthentication"]);
        }

        var name = options.Application.Scheme;
        if (await (name.Length > 0 ? schemes.GetSchemeAsync(name) : schemes.GetDefaultAuthenticateSchemeAsync()) is null)
        {
            throw new ConfigurationException([name.Length > 0
                ? $"broker.auth.application.scheme: {name}: the application's authentication has no scheme of this name"
                : "broker.auth.application.scheme: the application's authentication has no default scheme: name one"]);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs on the thread pool: what the application does may block.</summary>
    /// <param name="head">Of the handshake.</param>
    /// <param name="remote">The client's address.</param>
    /// <param name="tls">Whether it came over TLS.</param>
    /// <param name="gone">The client has gone.</param>
    /// <exception cref="Exception">Whatever the application threw; or the user has no usable id.</exception>
    public async Task<ApplicationUser> AuthenticateAsync(RequestHead head, IPAddress remote, bool tls, CancellationToken gone)
    {
        if (Interlocked.Increment(ref _asking) > most)
        {
            Interlocked.Decrement(ref _asking);
            return new ApplicationUser(null, ApplicationSilence.Busy);
        }

        // Nothing to dispose of: it has no timer. Its callbacks are the application's, and nobody waits for them.
        var over = new CancellationTokenSource();
        var asked = Task.Run(() => AskAsync(head, remote, tls, over.Token), CancellationToken.None);
        await ((Task)asked).WaitAsync(options.Timeout, time, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (asked.IsCompleted)
        {
            return new ApplicationUser(await asked is { Principal.Identity.IsAuthenticated: true } ticket ? ToIdentity(ticket) : null);
        }

        _ = over.CancelAsync();
        return new ApplicationUser(null, gone.IsCancellationRequested ? ApplicationSilence.Gone : ApplicationSilence.Late);
    }

    /// <summary>Owns what it needs, also where nobody waits any longer; and has its place until it ends, or those that never do would pile up.</summary>
    private async Task<AuthenticationTicket?> AskAsync(RequestHead head, IPAddress remote, bool tls, CancellationToken aborted)
    {
        try
        {
            return await AskApplicationAsync(head, remote, tls, aborted);
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    private async Task<AuthenticationTicket?> AskApplicationAsync(RequestHead head, IPAddress remote, bool tls, CancellationToken aborted)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = contexts.Create(Features(head, remote, tls, aborted));
        try
        {
            context.RequestServices = scope.ServiceProvider;
            var service = scope.ServiceProvider.GetRequiredService<IAuthenticationService>();
            var result = await service.AuthenticateAsync(context, options.Application.Scheme is { Length: > 0 } scheme ? scheme : null);
            return result.Ticket;
        }
        finally
        {
            contexts.Dispose(context);
        }
    }

    private static FeatureCollection Features(RequestHead head, IPAddress remote, bool tls, CancellationToken aborted)
    {
        var request = new HttpRequestFeature
        {
            Protocol = HttpProtocol.GetHttpProtocol(new Version(head.VersionMajor, head.VersionMinor)),
            Scheme = tls ? "https" : "http",
            Method = head.Method,
            Path = WebUtility.UrlDecode(head.Path),
            QueryString = head.Query.Length == 0 ? "" : "?" + head.Query,
            RawTarget = head.Target,
        };
        foreach (var (name, value) in head.Headers)
        {
            request.Headers.Append(name, value);
        }

        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { RemoteIpAddress = remote });
        features.Set<IHttpRequestLifetimeFeature>(new HttpRequestLifetimeFeature { RequestAborted = aborted });
        return features;
    }

    /// <summary>The connection ends with the ticket, and no later than one with a token would: it is asked anew then.</summary>
    private Identity ToIdentity(AuthenticationTicket ticket)
    {
        var user = ticket.Principal.FindFirstValue(ClaimTypes.NameIdentifier) ?? ticket.Principal.FindFirstValue("sub");
        if (!IsUser(user))
        {
            throw new InvalidOperationException($"the signed-in user has neither a claim {ClaimTypes.NameIdentifier} nor sub with 1 to {JwtClaimRules.MaxSubject} bytes without control characters");
        }

        var now = time.GetUtcNow();
        var longest = now + options.MaxLife;
        var expires = ticket.Properties.ExpiresUtc is { } end && end < longest ? end : longest;
        return new Identity(user, _rights!.For(user), expires, default) { Issued = now, Decided = now };
    }

    private static bool IsUser([NotNullWhen(true)] string? user) =>
        user is not null && !user.Any(char.IsControl) && Encoding.UTF8.GetByteCount(user) is > 0 and <= JwtClaimRules.MaxSubject;
}

/// <summary>What the application's authentication said of a handshake.</summary>
/// <param name="Identity">Null: nobody is signed in, or it said nothing.</param>
/// <param name="Silence">Why it said nothing.</param>
internal readonly record struct ApplicationUser(Identity? Identity, ApplicationSilence Silence = ApplicationSilence.None);

/// <summary>Why an application said nothing.</summary>
internal enum ApplicationSilence
{
    None,

    /// <summary>It is asked about too many others, and was not asked.</summary>
    Busy,

    /// <summary>It took longer than <c>broker.auth.timeout</c>.</summary>
    Late,

    /// <summary>The client did not wait.</summary>
    Gone,
}
