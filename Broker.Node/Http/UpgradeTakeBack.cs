using System.Net;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
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
internal sealed class UpgradeTakeBack(
    RequestDelegate next, IUpgradeGate gate, IConnectionPipeline pipeline, BrokerMetrics metrics, ConnectionLog log, TimeProvider time)
{
    /// <summary>For what a client sent before it went: its close frame should not become an abnormal end.</summary>
    private static readonly TimeSpan LastReads = TimeSpan.FromSeconds(1);

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<RequestGuard>() is not { } guard)
        {
            // A port of the application's own.
            return next(context);
        }

        if (guard.Refusal is { } refusal)
        {
            return RefuseAsync(context, refusal);
        }

        if (gate.Owns(guard.Head!.Path))
        {
            return AnswerAsync(context, guard);
        }

        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            context.Features.Set<IHttpUpgradeFeature>(new GuardedUpgrade(upgrade, guard));
        }

        return next(context);
    }

    private Task RefuseAsync(HttpContext context, HttpRefusal refusal)
    {
        var reason = RefusalResponse.ReasonOf(refusal);
        metrics.HandshakeRefused(reason);
        log.Refused(Remote(context), reason, refusal.Reason);
        return RefuseAsync(context, new UpgradeDecision(refusal.Status, [new(HeaderNames.Connection, "close")], refusal.Reason, null));
    }

    private static async Task RefuseAsync(HttpContext context, UpgradeDecision decision)
    {
        var body = RefusalResponse.Content(decision.Body);
        context.Response.StatusCode = decision.Status;
        CopyHeaders(decision, context.Response, HeaderNames.ContentLength);
        context.Response.ContentType = RefusalResponse.ContentType;
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

    private static IPAddress Remote(HttpContext context)
    {
        var remote = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
    }

    private async Task AnswerAsync(HttpContext context, RequestGuard guard)
    {
        var remote = Remote(context);
        var decision = gate.Evaluate(guard.Head!, remote, context.Request.IsHttps);
        if (decision.Later is { } later)
        {
            decision = await later(context.RequestAborted) with { Place = decision.Place };
        }

        if (decision.Request is null)
        {
            decision.Place?.Dispose();
            await RefuseAsync(context, decision);
        }
        else if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            await TakeBackAsync(context, new GuardedUpgrade(upgrade, guard), decision, new IPEndPoint(remote, context.Connection.RemotePort));
        }
        else
        {
            decision.Place?.Dispose();
            await RefuseAsync(context, new UpgradeDecision(StatusCodes.Status400BadRequest, [], "this connection cannot be upgraded", null));
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
