using System.Net;
using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;

namespace Broker.Node.Http;

/// <summary>
/// Middleware for upgrade paths on a connection that Kestrel owns already, because a proxy sent another request on it before:
/// the decision is the gate's, and an accepted connection goes into the same graph as every other.
/// </summary>
internal sealed class UpgradeTakeBack(
    RequestDelegate next, IUpgradeGate gate, IConnectionPipeline pipeline, BrokerMetrics metrics, ConnectionLog log, TimeProvider time)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<RequestGuard>() is not { } guard)
        {
            // A port of the application's own, or HTTP/2.
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
        log.Refused(TakeBack.Remote(context), reason, refusal.Reason);
        return TakeBack.RefuseAsync(context, new UpgradeDecision(refusal.Status, [new(HeaderNames.Connection, "close")], refusal.Reason, null));
    }

    private async Task AnswerAsync(HttpContext context, RequestGuard guard)
    {
        var remote = TakeBack.Remote(context);
        var decision = await gate.Evaluate(guard.Head!, remote, context.Request.IsHttps).SettleAsync(context.RequestAborted);

        if (decision.Request is null)
        {
            decision.Place?.Dispose();
            await TakeBack.RefuseAsync(context, decision);
        }
        else if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            await TakeBackAsync(context, new GuardedUpgrade(upgrade, guard), decision, new IPEndPoint(remote, context.Connection.RemotePort));
        }
        else
        {
            decision.Place?.Dispose();
            await TakeBack.RefuseAsync(context, new UpgradeDecision(StatusCodes.Status400BadRequest, [], "this connection cannot be upgraded", null));
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

        TakeBack.CopyHeaders(decision, context.Response, HeaderNames.Connection);
        var stream = new TakenBackStream(await UpgradeAsync(upgrade, decision), context.Abort);
        var connection = new AcceptedConnection(null, stream, remote, context.Request.IsHttps, null)
        {
            Upgraded = decision.Request,
            Place = decision.Place,
            Bottom = context.Features.Get<AcceptedConnection>() is { } accepted ? accepted.Socket ?? accepted.Bottom : null,
            AbortStream = context.Abort,
        };
        pipeline.Start(connection);
        await TakeBack.EndAsync(connection, stream, time, context.RequestAborted);

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
}
