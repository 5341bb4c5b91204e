using System.Net;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Microsoft.Net.Http.Headers;
using HttpResponse = Microsoft.AspNetCore.Http.HttpResponse;

namespace Broker.Node.Http;

/// <summary>What the ways back from Kestrel have in common: <see cref="UpgradeTakeBack"/> and <see cref="StreamTakeBack"/>.</summary>
internal static class TakeBack
{
    /// <summary>For what a client sent before it went: its close frame should not become an abnormal end.</summary>
    private static readonly TimeSpan LastReads = TimeSpan.FromSeconds(1);

    /// <summary>The address of who is connected, as the rest of the node writes it.</summary>
    public static IPAddress Remote(HttpContext context)
    {
        var remote = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
    }

    /// <summary>Answers with what was decided, but for headers of these names, which the server writes or may not write.</summary>
    public static async Task RefuseAsync(HttpContext context, UpgradeDecision decision, params string[] except)
    {
        var body = RefusalResponse.Content(decision.Body);
        context.Response.StatusCode = decision.Status;
        CopyHeaders(decision, context.Response, [HeaderNames.ContentLength, .. except]);
        context.Response.ContentType = RefusalResponse.ContentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    public static void CopyHeaders(UpgradeDecision decision, HttpResponse response, params string[] except)
    {
        foreach (var (name, value) in decision.Headers)
        {
            if (!except.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                response.Headers.Append(name, value);
            }
        }
    }

    /// <summary>Waits for the end of the connection, or brings it about where the client has gone; after it nobody uses what Kestrel has lent.</summary>
    public static async Task EndAsync(AcceptedConnection connection, TakenBackStream stream, TimeProvider time, CancellationToken aborted)
    {
        var ended = connection.WhenEnded();
        await ended.WaitAsync(aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ended.IsCompleted)
        {
            await ended.WaitAsync(LastReads, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            connection.Dispose();
        }

        await stream.WhenLeft;
    }
}
