namespace Broker.Protocol.Wire.Json;

/// <summary>The keys of every server message and their order (PROTOCOL.md, "Server to client").</summary>
internal static class JsonMessages
{
    public static void Push(ref JsonSpanWriter writer, in PushMessage push)
    {
        writer.Begin("message"u8);
        writer.Member(",\"topic\":"u8, push.Topic);
        writer.Raw(",\"data\":"u8);
        writer.Raw(push.Data);
        writer.Optional(",\"offset\":"u8, push.Offset);
        if (!push.FromConnection.IsEmpty)
        {
            From(ref writer, push);
        }

        writer.Optional(",\"time\":"u8, push.Time);
        writer.End();
    }

    /// <param name="writer">Of the message.</param>
    /// <param name="push">An encoded one.</param>
    /// <param name="pattern">UTF-8.</param>
    public static void WithPattern(ref JsonSpanWriter writer, ReadOnlySpan<byte> push, ReadOnlySpan<byte> pattern)
    {
        writer.Raw(push[..^1]);
        writer.Member(",\"pattern\":"u8, pattern);
        writer.End();
    }

    public static void Welcome(ref JsonSpanWriter writer, in WelcomeMessage message)
    {
        writer.Begin("welcome"u8);
        writer.Member(",\"connection\":"u8, message.Connection);
        writer.Member(",\"node\":"u8, message.Node);
        writer.Member(",\"version\":"u8, WireLimits.Version);
        writer.Member(",\"time\":"u8, message.Time);
        writer.Member(",\"auth\":"u8, message.Auth switch
        {
            AuthState.Required => "required"u8,
            AuthState.Optional => "optional"u8,
            _ => "done"u8,
        });
        writer.Optional(",\"user\":"u8, message.User);
        writer.Optional(",\"expires\":"u8, message.Expires);
        writer.Member(",\"heartbeat\":"u8, message.Heartbeat);
        writer.Member(",\"limits\":{\"message\":"u8, message.Limits.Message);
        writer.Member(",\"subscriptions\":"u8, message.Limits.Subscriptions);
        writer.Member(",\"rate\":"u8, message.Limits.Rate);
        writer.Member(",\"burst\":"u8, message.Limits.Burst);
        writer.End();
        writer.Optional(",\"message\":"u8, message.Message);
        writer.End();
    }

    public static void Authenticated(ref JsonSpanWriter writer, in AuthenticatedMessage message)
    {
        writer.Begin("authenticated"u8, message.Id);
        writer.Member(",\"user\":"u8, message.User);
        if (message.Expires is { } expires)
        {
            writer.Member(",\"expires\":"u8, expires);
        }
        else
        {
            writer.Raw(",\"expires\":null"u8);
        }

        writer.OptionalRaw(",\"info\":"u8, message.Info.Span);
        writer.End();
    }

    public static void Subscribed(ref JsonSpanWriter writer, in SubscribedMessage message)
    {
        writer.Begin("subscribed"u8, message.Id);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        if (message.Position is { } position)
        {
            writer.Member(",\"epoch\":"u8, position.Epoch.Span);
            writer.Member(",\"offset\":"u8, position.Offset);
        }

        if (message.Recovered is { } recovered)
        {
            writer.Member(",\"recovered\":"u8, recovered);
        }

        writer.Optional(",\"reason\":"u8, message.Reason);
        writer.End();
    }

    public static void Unsubscribed(ref JsonSpanWriter writer, in UnsubscribedMessage message)
    {
        writer.Begin("unsubscribed"u8, message.Id);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        writer.Optional(",\"reason\":"u8, message.Reason);
        writer.End();
    }

    public static void Published(ref JsonSpanWriter writer, in PublishedMessage message)
    {
        writer.Begin("published"u8, message.Id);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        writer.End();
    }

    public static void Gap(ref JsonSpanWriter writer, in GapMessage message)
    {
        writer.Begin("gap"u8);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        if (!message.Pattern.IsEmpty)
        {
            writer.Member(",\"pattern\":"u8, message.Pattern.Span);
        }

        writer.End();
    }

    public static void Pong(ref JsonSpanWriter writer, in PongMessage message)
    {
        writer.Begin("pong"u8, message.Id);
        writer.Member(",\"time\":"u8, message.Time);
        writer.End();
    }

    public static void Disconnecting(ref JsonSpanWriter writer, in DisconnectingMessage message)
    {
        writer.Begin("disconnecting"u8);
        writer.Member(",\"code\":"u8, message.Reason.Code);
        writer.Member(",\"reason\":"u8, message.Reason.Reason);
        writer.Member(",\"reconnect\":"u8, message.Reason.Reconnect);
        writer.Member(",\"after\":"u8, message.After);
        writer.End();
    }

    public static void Error(ref JsonSpanWriter writer, in ErrorMessage message)
    {
        writer.Begin("error"u8, message.Id);
        writer.Member(",\"code\":"u8, ErrorCodes.Name(message.Code));
        writer.Member(",\"error\":"u8, message.Text ?? ErrorCodes.Text(message.Code));
        if (!message.Topic.IsEmpty)
        {
            writer.Member(",\"topic\":"u8, message.Topic.Span);
        }

        writer.Optional(",\"retryAfter\":"u8, message.RetryAfter);
        writer.End();
    }

    private static void From(ref JsonSpanWriter writer, in PushMessage push)
    {
        if (push.FromUser.IsEmpty)
        {
            writer.Raw(",\"from\":{\"user\":null"u8);
        }
        else
        {
            writer.Member(",\"from\":{\"user\":"u8, push.FromUser);
        }

        writer.Member(",\"connection\":"u8, push.FromConnection);
        writer.OptionalRaw(",\"info\":"u8, push.FromInfo);
        writer.End();
    }
}
