namespace Broker.Node.Http;

/// <summary>The paths of clients that come without a WebSocket.</summary>
internal static class ClientPath
{
    /// <summary>What a path is for; null: nothing of the broker's.</summary>
    /// <param name="path">Decoded.</param>
    /// <param name="prefix">By setting.</param>
    /// <param name="name">Of the session; empty: the path names none.</param>
    public static ClientPathKind? Match(string path, string prefix, out string name)
    {
        name = "";
        if (!path.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = path.AsSpan(prefix.Length);
        switch (rest)
        {
            case "/sse": return ClientPathKind.Stream;
            case "/poll": return ClientPathKind.OpenPoll;
            case "/ticket": return ClientPathKind.Ticket;
        }

        return TryCut(rest, "/poll/", out name) ? ClientPathKind.Poll : TryCut(rest, "/sessions/", out name) ? ClientPathKind.Session : null;
    }

    private static bool TryCut(ReadOnlySpan<char> path, string start, out string name)
    {
        var isThere = path.StartsWith(start, StringComparison.Ordinal) && path.Length > start.Length && !path[start.Length..].Contains('/');
        name = isThere ? path[start.Length..].ToString() : "";
        return isThere;
    }
}

/// <summary>What a path is for.</summary>
internal enum ClientPathKind
{
    /// <summary>Opens a session with a stream of events.</summary>
    Stream,

    /// <summary>Opens a session that is polled.</summary>
    OpenPoll,

    /// <summary>Polls a session.</summary>
    Poll,

    /// <summary>Takes what is posted to a session.</summary>
    Session,

    /// <summary>Gives a ticket for a token.</summary>
    Ticket,
}
