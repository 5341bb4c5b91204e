namespace Broker.Protocol.Wire.MessagePack;

/// <summary>The keys of every server message and their order (PROTOCOL.md, "Server to client").</summary>
internal static class MessagePackMessages
{
    public static void Push(ref MessagePackSpanWriter writer, in PushMessage push)
    {
        writer.Begin("message"u8);
        writer.Member("topic"u8, push.Topic);
        writer.Encoded("data"u8, push.Data);
        writer.Optional("offset"u8, push.Offset);
        if (!push.FromConnection.IsEmpty)
        {
            From(ref writer, push);
        }

        writer.Optional("time"u8, push.Time);
        writer.End();
    }

    /// <param name="writer">Of the message.</param>
    /// <param name="push">An encoded one.</param>
    /// <param name="pattern">UTF-8.</param>
    public static void WithPattern(ref MessagePackSpanWriter writer, ReadOnlySpan<byte> push, ReadOnlySpan<byte> pattern)
    {
        writer.Resume(push);
        writer.Member("pattern"u8, pattern);
        writer.End();
    }

    public static void Welcome(ref MessagePackSpanWriter writer, in WelcomeMessage message)
    {
        writer.Begin("welcome"u8);
        writer.Member("connection"u8, message.Connection);
        writer.Member("node"u8, message.Node);
        writer.Member("version"u8, WireLimits.Version);
        writer.Member("time"u8, message.Time);
        writer.Member("auth"u8, message.Auth switch
        {
            AuthState.Required => "required"u8,
            AuthState.Optional => "optional"u8,
            _ => "done"u8,
        });
        writer.Optional("user"u8, message.User);
        writer.Optional("expires"u8, message.Expires);
        writer.Member("heartbeat"u8, message.Heartbeat);
        var outer = writer.Open("limits"u8);
        writer.Member("message"u8, message.Limits.Message);
        writer.Member("subscriptions"u8, message.Limits.Subscriptions);
        writer.Member("rate"u8, message.Limits.Rate);
        writer.Member("burst"u8, message.Limits.Burst);
        writer.Close(outer);
        writer.Optional("message"u8, message.Message);
        writer.End();
    }

    public static void Authenticated(ref MessagePackSpanWriter writer, in AuthenticatedMessage message)
    {
        writer.Begin("authenticated"u8, message.Id);
        writer.Member("user"u8, message.User);
        if (message.Expires is { } expires)
        {
            writer.Member("expires"u8, expires);
        }
        else
        {
            writer.Nil("expires"u8);
        }

        writer.OptionalEncoded("info"u8, message.Info.Span);
        writer.End();
    }

    public static void Subscribed(ref MessagePackSpanWriter writer, in SubscribedMessage message)
    {
        writer.Begin("subscribed"u8, message.Id);
        writer.Member("topic"u8, message.Topic.Span);
        if (message.Position is { } position)
        {
            writer.Member("epoch"u8, position.Epoch.Span);
            writer.Member("offset"u8, position.Offset);
        }

        if (message.Recovered is { } recovered)
        {
            writer.Member("recovered"u8, recovered);
        }

        writer.Optional("reason"u8, message.Reason);
        writer.End();
    }

    public static void Unsubscribed(ref MessagePackSpanWriter writer, in UnsubscribedMessage message)
    {
        writer.Begin("unsubscribed"u8, message.Id);
        writer.Member("topic"u8, message.Topic.Span);
        writer.Optional("reason"u8, message.Reason);
        writer.End();
    }

    public static void Published(ref MessagePackSpanWriter writer, in PublishedMessage message)
    {
        writer.Begin("published"u8, message.Id);
        writer.Member("topic"u8, message.Topic.Span);
        writer.End();
    }

    public static void Gap(ref MessagePackSpanWriter writer, in GapMessage message)
    {
        writer.Begin("gap"u8);
        writer.Member("topic"u8, message.Topic.Span);
        if (!message.Pattern.IsEmpty)
        {
            writer.Member("pattern"u8, message.Pattern.Span);
        }

        writer.End();
    }

    public static void Pong(ref MessagePackSpanWriter writer, in PongMessage message)
    {
        writer.Begin("pong"u8, message.Id);
        writer.Member("time"u8, message.Time);
        writer.End();
    }

    public static void Disconnecting(ref MessagePackSpanWriter writer, in DisconnectingMessage message)
    {
        writer.Begin("disconnecting"u8);
        writer.Member("code"u8, message.Reason.Code);
        writer.Member("reason"u8, message.Reason.Reason);
        writer.Member("reconnect"u8, message.Reason.Reconnect);
        writer.Member("after"u8, message.After);
        writer.End();
    }

    public static void Error(ref MessagePackSpanWriter writer, in ErrorMessage message)
    {
        writer.Begin("error"u8, message.Id);
        writer.Member("code"u8, ErrorCodes.Name(message.Code));
        writer.Member("error"u8, message.Text ?? ErrorCodes.Text(message.Code));
        if (!message.Topic.IsEmpty)
        {
            writer.Member("topic"u8, message.Topic.Span);
        }

        writer.Optional("retryAfter"u8, message.RetryAfter);
        writer.End();
    }

    private static void From(ref MessagePackSpanWriter writer, in PushMessage push)
    {
        var outer = writer.Open("from"u8);
        if (push.FromUser.IsEmpty)
        {
            writer.Nil("user"u8);
        }
        else
        {
            writer.Member("user"u8, push.FromUser);
        }

        writer.Member("connection"u8, push.FromConnection);
        writer.OptionalEncoded("info"u8, push.FromInfo);
        writer.Close(outer);
    }
}
