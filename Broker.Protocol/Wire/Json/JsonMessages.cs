namespace Broker.Protocol.Wire.Json;

/// <summary>The keys of every server message and their order (PROTOCOL.md, "Server to client").</summary>
internal static class JsonMessages
{
    /// <summary>Bytes that a push with a pattern or an offset has more at most, beside the pattern itself.</summary>
    public const int LongestAddition = 32;

    /// <summary>How every push begins.</summary>
    private static ReadOnlySpan<byte> BeforeTopic => "{\"type\":\"message\",\"topic\":"u8;

    public static void Push(ref JsonSpanWriter writer, in PushMessage push)
    {
        writer.Member(BeforeTopic, push.Topic);
        if (push.Removed == Removal.None)
        {
            writer.Raw(",\"data\":"u8);
            writer.Raw(push.Data);
        }

        writer.Optional(",\"offset\":"u8, push.Offset);
        writer.Optional(",\"entry\":"u8, push.Entry);
        if (push.Removed != Removal.None)
        {
            writer.Raw(push.Removed == Removal.Expired ? ",\"removed\":\"expired\""u8 : ",\"removed\":true"u8);
        }

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

    /// <param name="writer">Of the message.</param>
    /// <param name="push">An encoded one.</param>
    public static void WithOffset(ref JsonSpanWriter writer, ReadOnlySpan<byte> push, long offset)
    {
        writer.Raw(push[..^1]);
        writer.Member(",\"offset\":"u8, offset);
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
        writer.Optional(",\"session\":"u8, message.Session);
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
        Optional(ref writer, message.Position);
        if (message.Recovered is { } recovered)
        {
            writer.Member(",\"recovered\":"u8, recovered);
        }

        writer.Optional(",\"snapshot\":"u8, message.Snapshot);
        if (message.Presence is { } presence)
        {
            List(ref writer, ",\"presence\":{\"connections\":"u8, presence);
            writer.End();
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
        Optional(ref writer, message.Position);
        writer.Optional(",\"copies\":"u8, message.Copies);
        writer.End();
    }

    public static void History(ref JsonSpanWriter writer, in HistoryMessage message)
    {
        writer.Begin("history"u8, message.Id);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        Optional(ref writer, message.Position);
        writer.Raw(",\"messages\":["u8);
        for (var i = 0; i < message.Pushes.Count; i++)
        {
            writer.Raw(i == 0 ? "{"u8 : ",{"u8);
            writer.Raw(BehindTopic(message.Pushes[i].Span));
        }

        writer.Member("],\"more\":"u8, message.More);
        writer.End();
    }

    public static void Presence(ref JsonSpanWriter writer, in PresenceMessage message)
    {
        writer.Begin("presence"u8, message.Id);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        List(ref writer, ",\"connections\":"u8, message.List);
        writer.Optional(",\"after\":"u8, message.After.Span);
        writer.End();
    }

    public static void Members(ref JsonSpanWriter writer, in MembersMessage message)
    {
        writer.Begin(message.Joined ? "join"u8 : "leave"u8);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        Members(ref writer, message.Members);
        writer.End();
    }

    public static void Gap(ref JsonSpanWriter writer, in GapMessage message)
    {
        writer.Begin("gap"u8);
        writer.Member(",\"topic\":"u8, message.Topic.Span);
        writer.Optional(",\"pattern\":"u8, message.Pattern.Span);
        Optional(ref writer, message.Position);
        writer.Optional(",\"from\":"u8, message.From);
        writer.Optional(",\"to\":"u8, message.To);
        if (message.Presence)
        {
            writer.Raw(",\"presence\":true"u8);
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
        writer.Optional(",\"topic\":"u8, message.Topic.Span);
        writer.Optional(",\"retryAfter\":"u8, message.RetryAfter);
        Optional(ref writer, message.Position);
        writer.Optional(",\"reason\":"u8, message.Reason);
        writer.OptionalRaw(",\"data\":"u8, message.Data.Span);
        writer.End();
    }

    private static void Optional(ref JsonSpanWriter writer, in WirePosition? position)
    {
        if (position is { } value)
        {
            writer.Member(",\"epoch\":"u8, value.Epoch.Span);
            writer.Member(",\"offset\":"u8, value.Offset);
        }
    }

    /// <param name="connections">The name before the first count.</param>
    private static void List(ref JsonSpanWriter writer, ReadOnlySpan<byte> connections, in PresenceList list)
    {
        writer.Member(connections, list.Connections);
        writer.Member(",\"users\":"u8, list.Users);
        if (list.Members is { } members)
        {
            Members(ref writer, members);
        }
    }

    private static void Members(ref JsonSpanWriter writer, IReadOnlyList<PresenceMember> members)
    {
        writer.Raw(",\"members\":["u8);
        for (var i = 0; i < members.Count; i++)
        {
            writer.Member(i == 0 ? "{\"user\":"u8 : ",{\"user\":"u8, members[i].User.Span);
            writer.OptionalRaw(",\"info\":"u8, members[i].Info.Span);
            writer.End();
        }

        writer.Raw("]"u8);
    }

    /// <summary>What a push has behind its <c>type</c> and <c>topic</c>, which stand first in it.</summary>
    private static ReadOnlySpan<byte> BehindTopic(ReadOnlySpan<byte> push)
    {
        // Behind the quote that begins the topic.
        var start = BeforeTopic.Length + 1;
        var rest = push.Length > start && push.StartsWith(BeforeTopic) ? push[start..] : default;
        for (var i = rest.IndexOfAny((byte)'"', (byte)'\\'); i >= 0; i = rest.IndexOfAny((byte)'"', (byte)'\\'))
        {
            if (rest[i] == '"')
            {
                rest = rest[(i + 1)..];
                return rest.StartsWith(","u8) ? rest[1..] : throw NoPush();
            }

            rest = rest[Math.Min(i + 2, rest.Length)..];
        }

        throw NoPush();
    }

    private static ArgumentException NoPush() => new("Not a push as the codec writes it.");

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
