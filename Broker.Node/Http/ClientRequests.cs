using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Node.Transports.LongPoll;
using Broker.Node.Transports.Sessions;
using Broker.Node.Transports.Sse;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Http;
using Microsoft.Net.Http.Headers;
using HttpResponse = Microsoft.AspNetCore.Http.HttpResponse;

namespace Broker.Node.Http;

/// <summary>Middleware for clients that come without a WebSocket, on connections of the front door: streams, polls, posts and tickets.</summary>
internal sealed class ClientRequests(
    RequestDelegate next, ISessionGate gate, ISessions sessions, SseEndpoint streams, PollEndpoint polls, BrokerOptions options)
{
    private const int LongestWait = 60_000;
    private const int DefaultWait = 25_000;

    private readonly string _prefix = options.Listen.Sessions.Prefix;

    public Task InvokeAsync(HttpContext context)
    {
        if (!options.Listen.Sessions.Enabled
            || context.Features.Get<AcceptedConnection>() is not { } connection
            || context.Request.Path.Value is not { } path
            || ClientPath.Match(path, _prefix, out var name) is not { } kind)
        {
            return next(context);
        }

        var remote = connection.Remote.Address;
        return AnswerOrLeaveAsync(new ClientRequest(context, KestrelHead.Of(context), remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote, kind, name));
    }

    private async Task AnswerOrLeaveAsync(ClientRequest request)
    {
        try
        {
            await AnswerAsync(request);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && request.Context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: nobody is to be told.
        }
    }

    private Task AnswerAsync(ClientRequest request)
    {
        var response = request.Context.Response;
        if (!gate.AllowsOrigin(request.Head, request.Peer, request.IsTls))
        {
            return RefuseAsync(response, 403, "Origin not allowed");
        }

        if (request.Head.Single(HeaderNames.Origin) is { } origin)
        {
            // The list that let it in holds for cookies as well: a WebSocket brings them too.
            response.Headers.AccessControlAllowOrigin = origin;
            response.Headers.AccessControlAllowCredentials = "true";
            response.Headers.AccessControlExposeHeaders = HeaderNames.RetryAfter;
            response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        }

        var allowed = request.Kind switch
        {
            ClientPathKind.Stream => "GET",
            ClientPathKind.OpenPoll => "GET, POST",
            ClientPathKind.Poll => "GET",
            ClientPathKind.Session => "POST, DELETE",
            _ => "POST",
        };
        if (HttpMethods.IsOptions(request.Head.Method))
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            response.Headers.Allow = allowed;
            response.Headers.AccessControlAllowMethods = allowed;
            response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type, Last-Event-ID";
            response.Headers.AccessControlMaxAge = "600";
            return Task.CompletedTask;
        }

        if (!allowed.Split(", ").Contains(request.Head.Method, StringComparer.Ordinal))
        {
            response.Headers.Allow = allowed;
            return RefuseAsync(response, 405, $"Only {allowed} here.");
        }

        return request.Kind switch
        {
            ClientPathKind.Stream or ClientPathKind.OpenPoll => OpenAsync(request),
            ClientPathKind.Poll => PollAsync(request),
            ClientPathKind.Session => TakeAsync(request),
            _ => IssueAsync(request),
        };
    }

    private async Task OpenAsync(ClientRequest request)
    {
        var (context, head) = (request.Context, request.Head);
        var topics = head.QueryParameters("topic");
        StreamPositions? positions = null;
        if (head.HasToken(HeaderNames.Upgrade, "websocket"))
        {
            await RefuseAsync(context.Response, 400, "WebSockets have paths of their own.");
        }
        else if (topics.Count > options.Limits.Subscriptions)
        {
            await RefuseAsync(context.Response, 400, $"At most {options.Limits.Subscriptions} topics.");
        }
        else if (topics.Count > 0 && !StreamPositions.TryRead(topics, head.Single("Last-Event-ID"), out positions))
        {
            await RefuseAsync(context.Response, 400, "Last-Event-ID is a JSON map of topics to [epoch, offset], as it was sent.");
        }
        else if (!TryReadWait(head, out var wait))
        {
            await RefuseAsync(context.Response, 400, $"wait is a number of milliseconds, 0 to {LongestWait}.");
        }
        else
        {
            await OpenAsync(request, positions, wait);
        }
    }

    private async Task OpenAsync(ClientRequest request, StreamPositions? positions, TimeSpan wait)
    {
        var (ticket, refusal) = await RedeemAsync(request);
        if (refusal is { } refused)
        {
            await WriteAsync(request.Context.Response, refused);
        }
        else if (await DecideAsync(request, ticket) is { Request: not null } decision)
        {
            await OpenAsync(request, decision, positions, wait);
        }
    }

    private async Task OpenAsync(ClientRequest request, UpgradeDecision decision, StreamPositions? positions, TimeSpan wait)
    {
        var context = request.Context;
        if (positions is not null && decision.Request!.Identity is null)
        {
            decision.Place?.Dispose();
            await RefuseAsync(context.Response, 401, "Topics in the address need a token, or a node that takes strangers.");
        }
        else if (request.Kind == ClientPathKind.Stream)
        {
            await streams.AnswerAsync(context, decision, positions);
        }
        else
        {
            await WriteAsync(context.Response, await polls.OpenAsync(decision, positions, wait, context.RequestAborted));
        }
    }

    /// <summary>Null without a ticket, or with one that stands for nothing: then there is a refusal.</summary>
    private async Task<(string? Token, SessionAnswer? Refusal)> RedeemAsync(ClientRequest request)
    {
        if (request.Head.QueryParameters("ticket") is not [var ticket, ..])
        {
            return (null, null);
        }

        var answer = await sessions.AskAsync(new SessionRequest(SessionRequestKind.Redeem, ticket), request.Context.RequestAborted);
        return answer.Status switch
        {
            200 => (Encoding.UTF8.GetString(answer.Body.Span), null),

            // The node that gave it has gone, and the ticket with it.
            410 => (null, SessionAnswer.Refused(401, "The ticket is not good: get another one.")),
            _ => (null, answer),
        };
    }

    /// <summary>Whether the session may be opened; what is refused has been answered.</summary>
    private async Task<UpgradeDecision> DecideAsync(ClientRequest request, string? ticket)
    {
        var context = request.Context;
        var isConnection = request.Kind == ClientPathKind.Stream && HttpProtocol.IsHttp11(context.Request.Protocol);
        var decision = await gate.EvaluateSession(request.Head, request.Peer, request.IsTls, ticket, isConnection).SettleAsync(context.RequestAborted);
        if (decision.Request is null)
        {
            decision.Place?.Dispose();
            await RefuseAsync(context.Response, decision);
        }

        return decision;
    }

    private async Task PollAsync(ClientRequest request)
    {
        var response = request.Context.Response;
        var cursor = 0L;
        if (request.Head.QueryParameters("cursor") is [var text, ..] && !TryReadNumber(text, out cursor))
        {
            await RefuseAsync(response, 400, "cursor is that of the last answer.");
        }
        else if (!TryReadWait(request.Head, out var wait))
        {
            await RefuseAsync(response, 400, $"wait is a number of milliseconds, 0 to {LongestWait}.");
        }
        else if (await IdentifyAsync(request) is { } identified)
        {
            await WriteAsync(response, await polls.PollAsync(request.Name, cursor, wait, identified.User, request.Context.RequestAborted));
        }
    }

    private async Task TakeAsync(ClientRequest request)
    {
        var (context, response) = (request.Context, request.Context.Response);
        if (HttpMethods.IsDelete(request.Head.Method))
        {
            if (await IdentifyAsync(request) is { } leaver)
            {
                await WriteAsync(response, await sessions.AskAsync(new SessionRequest(SessionRequestKind.Leave, request.Name) { User = leaver.User }, context.RequestAborted));
            }
        }
        else if (request.Head.QueryParameters("n") is not [var text] || !TryReadNumber(text, out var number) || number == 0)
        {
            await RefuseAsync(response, 400, "n is the number of the post in its session: 1, 2, 3, ...");
        }
        else if (await IdentifyAsync(request) is { } identified && await ReadAsync(context) is { } body)
        {
            await WriteAsync(response, await sessions.AskAsync(new SessionRequest(SessionRequestKind.Post, request.Name) { Number = number, User = identified.User, Body = body }, context.RequestAborted));
        }
    }

    private async Task IssueAsync(ClientRequest request)
    {
        var response = request.Context.Response;
        var decision = gate.EvaluateToken(request.Head, request.Peer, request.IsTls, out var token);
        if (decision.Request is null)
        {
            await RefuseAsync(response, decision);
        }
        else if (token is null || decision.Request.Identity?.User is null)
        {
            response.Headers.WWWAuthenticate = "Bearer";
            await RefuseAsync(response, 401, "A ticket is for a token in the header Authorization.");
        }
        else if (sessions.Issue(token) is { } ticket)
        {
            var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["ticket"] = ticket, ["expires"] = (long)TicketTable.Life.TotalMilliseconds });
            await WriteAsync(response, new SessionAnswer(200, body));
        }
        else
        {
            await WriteAsync(response, SessionAnswer.Refused(503, "Too many tickets wait to be used."));
        }
    }

    /// <summary>Who a request to a session says it is from; null: its token is refused, which has been answered.</summary>
    private async Task<Identified?> IdentifyAsync(ClientRequest request)
    {
        var decision = gate.EvaluateToken(request.Head, request.Peer, request.IsTls, out _);
        if (decision.Request is { } accepted)
        {
            return new Identified(accepted.Identity?.User);
        }

        await RefuseAsync(request.Context.Response, decision);
        return null;
    }

    /// <summary>A body of JSON; null: it is too large or none, which has been answered.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context)
    {
        var limit = options.Limits.Message;
        var body = new ArrayBufferWriter<byte>(256);
        var isTooLarge = context.Request.ContentLength > limit;
        while (!isTooLarge)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            foreach (var part in read.Buffer)
            {
                body.Write(part.Span);
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            isTooLarge = body.WrittenCount > limit;
            if (read.IsCompleted)
            {
                break;
            }
        }

        if (isTooLarge)
        {
            await RefuseAsync(context.Response, 413, $"At most {limit} bytes.");
            return null;
        }

        if (body.WrittenCount == 0 || !Utf8.IsValid(body.WrittenSpan))
        {
            await RefuseAsync(context.Response, 400, "The body is a message or an array of messages: JSON in UTF-8.");
            return null;
        }

        return body.WrittenMemory;
    }

    private static bool TryReadWait(RequestHead head, out TimeSpan wait)
    {
        var milliseconds = (long)DefaultWait;
        var isRight = head.QueryParameters("wait") is not [var text, ..] || (TryReadNumber(text, out milliseconds) && milliseconds <= LongestWait);
        wait = TimeSpan.FromMilliseconds(isRight ? milliseconds : 0);
        return isRight;
    }

    private static bool TryReadNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static Task RefuseAsync(HttpResponse response, UpgradeDecision decision)
    {
        foreach (var (name, value) in decision.Headers)
        {
            // Of a connection that is to become a WebSocket.
            if (!name.Equals(HeaderNames.Connection, StringComparison.OrdinalIgnoreCase))
            {
                response.Headers.Append(name, value);
            }
        }

        return RefuseAsync(response, decision.Status, decision.Body);
    }

    private static Task RefuseAsync(HttpResponse response, int status, string text) => WriteAsync(response, SessionAnswer.Refused(status, text));

    private static async Task WriteAsync(HttpResponse response, SessionAnswer answer)
    {
        response.StatusCode = answer.Status;
        response.Headers.CacheControl = "no-store";
        if (answer.Status is 409 or 503 && response.Headers.RetryAfter.Count == 0)
        {
            response.Headers.RetryAfter = "1";
        }

        if (!answer.Body.IsEmpty)
        {
            response.ContentType = "application/json";
            response.ContentLength = answer.Body.Length;
            await response.BodyWriter.WriteAsync(answer.Body);
        }
    }

    /// <param name="User">Null: it brings no token.</param>
    private sealed record Identified(string? User);

    /// <summary>A request for a client's endpoint.</summary>
    private sealed record ClientRequest(HttpContext Context, RequestHead Head, IPAddress Peer, ClientPathKind Kind, string Name)
    {
        public bool IsTls => Context.Request.IsHttps;
    }
}
