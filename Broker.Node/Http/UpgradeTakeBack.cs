using System.Net;
using System.Text;
using Broker.Node.Transport;
using Broker.Protocol.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;
using HttpResponse = Microsoft.AspNetCore.Http.HttpResponse;

namespace Broker.Node.Http;

/// <summary>
/// Middleware for upgrade paths on a connection that Kestrel owns already, because a proxy sent another request on it before:
/// the decision is the gate's, and an accepted connection goes into the same graph as every other.
/// </summary>
internal sealed class UpgradeTakeBack(RequestDelegate next, IUpgradeGate gate, IConnectionPipeline pipeline, TimeProvider time)
{
    /// <summary>For what a client sent before it went: its close frame should not become an abnormal end.</summary>
    private static readonly TimeSpan LastReads = TimeSpan.FromSeconds(1);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        var query = request.RawTarget.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? request.RawTarget : request.RawTarget[..query];
        return VersionMinor(request) is { } version && gate.Owns(path) ? AnswerAsync(context, request, version) : next(context);
    }

    /// <summary>Null for what is not HTTP/1: RFC 6455 knows nothing else.</summary>
    private static int? VersionMinor(IHttpRequestFeature request) => request.Protocol switch
    {
        "HTTP/1.1" => 1,
        "HTTP/1.0" => 0,
        _ => null,
    };

    private static RequestHead Head(IHttpRequestFeature request, int version)
    {
        List<HttpHeader> headers = new(request.Headers.Count);
        foreach (var (name, values) in request.Headers)
        {
            // One element per line: two Sec-WebSocket-Key lines must not look like one.
            foreach (var value in values)
            {
                headers.Add(new HttpHeader(name, value ?? ""));
            }
        }

        return new RequestHead(request.Method, request.RawTarget, version, headers);
    }

    private static async Task RefuseAsync(HttpContext context, UpgradeDecision decision)
    {
        var body = Encoding.UTF8.GetBytes(decision.Body);
        context.Response.StatusCode = decision.Status;
        CopyHeaders(decision, context.Response, HeaderNames.ContentLength);
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static void CopyHeaders(UpgradeDecision decision, HttpResponse response, string except)
    {
        foreach (var (name, value) in decision.Headers)
        {
            if (!name.Equals(except, StringComparison.OrdinalIgnoreCase))
            {
                response.Headers.Append(name, value);
            }
        }
    }

    private async Task AnswerAsync(HttpContext context, IHttpRequestFeature request, int version)
    {
        var remote = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (remote.IsIPv4MappedToIPv6)
        {
            remote = remote.MapToIPv4();
        }

        var decision = gate.Evaluate(Head(request, version), remote, context.Request.IsHttps);
        if (decision.Request is null)
        {
            await RefuseAsync(context, decision);
        }
        else if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            await TakeBackAsync(context, upgrade, decision, new IPEndPoint(remote, context.Connection.RemotePort));
        }
        else
        {
            decision.Place?.Dispose();
            await RefuseAsync(context, new UpgradeDecision(StatusCodes.Status400BadRequest, [], "this connection cannot be upgraded\n", null));
        }
    }

    private async Task TakeBackAsync(HttpContext context, IHttpUpgradeFeature upgrade, UpgradeDecision decision, IPEndPoint remote)
    {
        // Kestrel's rates are for requests and responses that end; heartbeats and the lag limit look after these connections.
        var requestRate = context.Features.Get<IHttpMinRequestBodyDataRateFeature>();
        var responseRate = context.Features.Get<IHttpMinResponseDataRateFeature>();
        var drainRate = responseRate?.MinDataRate;
        requestRate?.MinDataRate = null;
        responseRate?.MinDataRate = null;

        CopyHeaders(decision, context.Response, HeaderNames.Connection);
        var stream = new TakenBackStream(await UpgradeAsync(upgrade, decision), context.Abort);
        var connection = new AcceptedConnection(null, stream, remote, context.Request.IsHttps, null)
        {
            Upgraded = decision.Request,
            Place = decision.Place,
            Bottom = context.Features.Get<AcceptedConnection>() is { } accepted ? accepted.Socket ?? accepted.Bottom : null,
            AbortStream = context.Abort,
        };
        pipeline.Start(connection);
        await EndAsync(connection, context.RequestAborted);

        // What is left in Kestrel's output is sent after this, and only this rate bounds how long that may take.
        responseRate?.MinDataRate = drainRate;
    }

    private static async Task<Stream> UpgradeAsync(IHttpUpgradeFeature upgrade, UpgradeDecision decision)
    {
        try
        {
            return await upgrade.UpgradeAsync();
        }
        catch
        {
            decision.Place?.Dispose();
            throw;
        }
    }

    private async Task EndAsync(AcceptedConnection connection, CancellationToken aborted)
    {
        var ended = connection.WhenEnded();
        await ended.WaitAsync(aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ended.IsCompleted)
        {
            await ended.WaitAsync(LastReads, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            connection.Dispose();
        }
    }
}
