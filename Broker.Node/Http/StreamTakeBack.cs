using Broker.Node.Diagnostics;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Broker.Node.Http;

/// <summary>
/// Middleware for WebSockets over HTTP/2 (RFC 8441), which are streams of a connection that Kestrel owns and goes on owning: the
/// decision is the gate's, and an accepted stream goes into the same graph as a connection of its own would.
/// </summary>
internal sealed class StreamTakeBack(
    RequestDelegate next, IUpgradeGate gate, IConnectionPipeline pipeline, TrustedProxies proxies, BrokerMetrics metrics, ConnectionLog log, TimeProvider time)
{
    /// <summary>RFC 9113 section 8.2.2: HTTP/2 has none of these.</summary>
    private static readonly string[] OfConnection = [HeaderNames.Connection, HeaderNames.Upgrade];

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<AcceptedConnection>() is not { IsHttp2: true } connection)
        {
            return next(context);
        }

        // The first request head has come. From here on Kestrel's own time-outs hold.
        connection.Lease?.HandshakeDone();
        var head = KestrelHead.Of(context);
        return gate.Owns(head.Path) ? AnswerAsync(context, connection, head) : next(context);
    }

    private async Task AnswerAsync(HttpContext context, AcceptedConnection connection, RequestHead head)
    {
        // Before any work for it, as for a connection of its own.
        var remote = TakeBack.Remote(context);
        if (connection.Lease!.TryAddStream(proxies.Contains(remote) ? null : remote, out var refusal) is not { } place)
        {
            log.Refused(remote, refusal);
            var (status, retryAfter, text) = RefusalResponse.Of(refusal);
            await TakeBack.RefuseAsync(context, new UpgradeDecision(status, [new(HeaderNames.RetryAfter, retryAfter)], text, null));
            return;
        }

        var decision = await gate.Evaluate(head, remote, tls: true).SettleAsync(context.RequestAborted);
        if (decision.Request is not null)
        {
            await TakeBackAsync(context, connection, decision, place);
            return;
        }

        decision.Place?.Dispose();
        place.Dispose();
        await TakeBack.RefuseAsync(context, decision, OfConnection);
    }

    private async Task TakeBackAsync(HttpContext context, AcceptedConnection connection, UpgradeDecision decision, AdmissionLease place)
    {
        var end = new StreamEnd(context.Features.GetRequiredFeature<IHttpResetFeature>(), context.Response);
        var stream = new TakenBackStream(await AcceptAsync(context, decision, place), end.Reset);
        var webSocket = new AcceptedConnection(null, stream, connection.Remote, tls: true, place)
        {
            Upgraded = decision.Request,
            Place = decision.Place,
            Bottom = connection.Bottom,
            IsShared = true,
            AbortStream = end.Reset,
            EndOutput = end.EndOutputAsync,
        };
        webSocket.OnEnded(metrics.StreamEnded);
        metrics.StreamOpened();
        pipeline.Start(webSocket);
        await TakeBack.EndAsync(webSocket, stream, time, context.RequestAborted);
        await end.OverAsync();
    }

    private static async Task<Stream> AcceptAsync(HttpContext context, UpgradeDecision decision, AdmissionLease place)
    {
        try
        {
            TakeBack.CopyHeaders(decision, context.Response);
            context.Response.StatusCode = decision.Status;

            // To Kestrel the frames are the body of a request.
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null;
            return await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        }
        catch
        {
            decision.Place?.Dispose();
            place.Dispose();
            throw;
        }
    }
}
