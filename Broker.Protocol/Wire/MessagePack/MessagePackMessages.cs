namespace Broker.Protocol.Wire.MessagePack;

/// <summary>The keys of every server message and their order (PROTOCOL.md, "Server to client").</summary>
internal static class MessagePackMessages
{
    /// <summary>Bytes that a push with a pattern or an offset has more at most, beside the pattern itself.</summary>
    public const int LongestAddition = 32;

    /// <summary>The first pair of every push: type, "message".</summary>
    private static ReadOnlySpan<byte> TypeOfPush =>
        [0xa4, (byte)'t', (byte)'y', (byte)'p', (byte)'e', 0xa7, (byte)'m', (byte)'e', (byte)'s', (byte)'s', (byte)'a', (byte)'g', (byte)'e'];

    public static void Push(ref MessagePackSpanWriter writer, in PushMessage push)
    {
        writer.BeginEncoded(TypeOfPush);
        writer.Member("topic"u8, push.Topic);
        if (push.Removed == Removal.None)
        {
            writer.Encoded("data"u8, push.Data);
        }

        writer.Optional("offset"u8, push.Offset);
        writer.Optional("entry"u8, push.Entry);
        if (push.Removed == Removal.Removed)
        {
            writer.Member("removed"u8, true);
        }
        else if (push.Removed == Removal.Expired)
        {
            writer.Member("removed"u8, "expired"u8);
        }

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

    /// <param name="writer">Of the message.</param>
    /// <param name="push">An encoded one.</param>
    public static void WithOffset(ref MessagePackSpanWriter writer, ReadOnlySpan<byte> push, long offset)
    {
        writer.Resume(push);
        writer.Member("offset"u8, offset);
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
        writer.Optional("session"u8, message.Session);
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
        Optional(ref writer, message.Position);
        if (message.Recovered is { } recovered)
        {
            writer.Member("recovered"u8, recovered);
        }

        writer.Optional("snapshot"u8, message.Snapshot);
        if (message.Presence is { } presence)
        {
            var outer = writer.Open("presence"u8);
            List(ref writer, presence);
            writer.Close(outer);
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
        Optional(ref writer, message.Position);
        writer.Optional("copies"u8, message.Copies);
        writer.End();
    }

    public static void History(ref MessagePackSpanWriter writer, in HistoryMessage message)
    {
        writer.Begin("history"u8, message.Id);
        writer.Member("topic"u8, message.Topic.Span);
        Optional(ref writer, message.Position);
        writer.Array("messages"u8, message.Pushes.Count);
        for (var i = 0; i < message.Pushes.Count; i++)
        {
            var rest = BehindTopic(message.Pushes[i].Span, out var pairs);
            writer.Map(pairs, rest);
        }

        writer.Member("more"u8, message.More);
        writer.End();
    }

    public static void Presence(ref MessagePackSpanWriter writer, in PresenceMessage message)
    {
        writer.Begin("presence"u8, message.Id);
        writer.Member("topic"u8, message.Topic.Span);
        List(ref writer, message.List);
        writer.Optional("after"u8, message.After.Span);
        writer.End();
    }

    public static void Members(ref MessagePackSpanWriter writer, in MembersMessage message)
    {
        writer.Begin(message.Joined ? "join"u8 : "leave"u8);
        writer.Member("topic"u8, message.Topic.Span);
        Members(ref writer, message.Members);
        writer.End();
    }

    public static void Gap(ref MessagePackSpanWriter writer, in GapMessage message)
    {
        writer.Begin("gap"u8);
        writer.Member("topic"u8, message.Topic.Span);
        writer.Optional("pattern"u8, message.Pattern.Span);
        Optional(ref writer, message.Position);
        writer.Optional("from"u8, message.From);
        writer.Optional("to"u8, message.To);
        if (message.Presence)
        {
            writer.Member("presence"u8, true);
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
        writer.Optional("topic"u8, message.Topic.Span);
        writer.Optional("retryAfter"u8, message.RetryAfter);
        Optional(ref writer, message.Position);
        writer.Optional("reason"u8, message.Reason);
        writer.OptionalEncoded("data"u8, message.Data.Span);
        writer.End();
    }

    private static void Optional(ref MessagePackSpanWriter writer, in WirePosition? position)
    {
        if (position is { } value)
        {
            writer.Member("epoch"u8, value.Epoch.Span);
            writer.Member("offset"u8, value.Offset);
        }
    }

    private static void List(ref MessagePackSpanWriter writer, in PresenceList list)
    {
        writer.Member("connections"u8, list.Connections);
        writer.Member("users"u8, list.Users);
        if (list.Members is { } members)
        {
            Members(ref writer, members);
        }
    }

    private static void Members(ref MessagePackSpanWriter writer, IReadOnlyList<PresenceMember> members)
    {
        writer.Array("members"u8, members.Count);
        for (var i = 0; i < members.Count; i++)
        {
            var outer = writer.Open();
            writer.Member("user"u8, members[i].User.Span);
            writer.OptionalEncoded("info"u8, members[i].Info.Span);
            writer.Close(outer);
        }
    }

    /// <summary>What a push has behind its <c>type</c> and <c>topic</c>, which stand first in it.</summary>
    /// <param name="pairs">How many are left.</param>
    private static ReadOnlySpan<byte> BehindTopic(ReadOnlySpan<byte> push, out int pairs)
    {
        var tokens = new MessagePackTokenReader(push);
        pairs = tokens.Next() && tokens.Kind == MessagePackKind.Map ? tokens.Length - 2 : 0;
        return pairs > 0 && IsNext(ref tokens, "type"u8) && IsNext(ref tokens, "message"u8) && IsNext(ref tokens, "topic"u8) && tokens.Next()
            ? push[tokens.Position..]
            : throw new ArgumentException("Not a push as the codec writes it.");
    }

    private static bool IsNext(ref MessagePackTokenReader tokens, ReadOnlySpan<byte> text) =>
        tokens.Next() && tokens.Kind == MessagePackKind.Text && tokens.Content.SequenceEqual(text);

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
