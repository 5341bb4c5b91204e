using Broker.Node.Listening;
using Broker.Node.Transports.Sessions;
using Broker.Node.Transports.WebSocket;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Net.Http.Headers;

namespace Broker.Node.Transports.Sse;

/// <summary>Answers a request with the stream of a new session, until that ends.</summary>
/// <param name="sessions">Open it.</param>
internal sealed class SseEndpoint(ISessions sessions)
{
    /// <summary>For the last bytes of a session that has ended in order.</summary>
    private static readonly TimeSpan LastBytes = TimeSpan.FromSeconds(2);

    /// <param name="context">Of the request.</param>
    /// <param name="decision">That lets the client in.</param>
    /// <param name="positions">What it wants to be subscribed to; null: it will say itself.</param>
    public async Task AnswerAsync(HttpContext context, UpgradeDecision decision, StreamPositions? positions)
    {
        var body = await BeginAsync(context, decision);
        SseOutlet? outlet = null;
        var session = sessions.Open(decision, positions is null ? HttpSession.FirstPost : HttpSession.PostForClient, session => outlet = new SseOutlet(session, body, SocketOf(context), positions));
        using var aborted = context.RequestAborted.UnsafeRegister(static session => ((HttpSession)session!).Abort(), session);
        if (positions is not null && (await session.PostAsync(HttpSession.PostForClient, positions.Subscribes(), context.RequestAborted)).Status != SessionAnswer.Taken.Status)
        {
            session.Abort();
        }

        await session.Ended;
        await outlet!.Flushed.WaitAsync(LastBytes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!outlet.IsComplete || !outlet.Flushed.IsCompleted)
        {
            context.Abort();
        }
    }

    /// <summary>The first bytes: many proxies, and EventSource, do not take the response for open before they come.</summary>
    private static async Task<System.IO.Pipelines.PipeWriter> BeginAsync(HttpContext context, UpgradeDecision decision)
    {
        try
        {
            // Kestrel's rate is for responses that end; heartbeats and the lag limit look after these.
            context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            var headers = context.Response.Headers;
            headers.ContentType = "text/event-stream";
            headers.CacheControl = "no-cache, no-transform";
            headers["X-Accel-Buffering"] = "no";
            headers.Remove(HeaderNames.ContentLength);
            await context.Response.StartAsync(context.RequestAborted);
            var body = context.Response.BodyWriter;
            SseEvents.Comment.CopyTo(body.GetSpan(SseEvents.Comment.Length));
            body.Advance(SseEvents.Comment.Length);
            await body.FlushAsync(context.RequestAborted);
            return body;
        }
        catch
        {
            decision.Place?.Dispose();
            throw;
        }
    }

    /// <summary>Null over HTTP/2, where others share it.</summary>
    private static System.Net.Sockets.Socket? SocketOf(HttpContext context) =>
        context.Features.Get<AcceptedConnection>() is { } accepted && HttpProtocol.IsHttp11(context.Request.Protocol) ? accepted.Socket ?? accepted.Bottom : null;
}
