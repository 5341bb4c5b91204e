using System.Net;
using Broker.Protocol.Wire;

namespace Broker.Node.Diagnostics;

/// <summary>
/// One line for every connection that this side refuses or ends, or for which the application failed: who and why, and nothing of what was
/// sent but the name of an origin, the id of a key, and what is wrong with the rights of a token. At most <see cref="LinesPerSecond"/> lines
/// a second, and one that says how many more there were. Thread-safe.
/// </summary>
/// <remarks>
/// Information: each is of interest to whoever looks after one client, none calls for action. What a node does to all of its
/// clients at once (a drain, a lane's failure) has a line of its own elsewhere.
/// </remarks>
internal sealed partial class ConnectionLog : IDisposable
{
    public const int LinesPerSecond = 10;

    // RFC 6454 sets no bound, and a header may have 16 KiB.
    private const int LongestOrigin = 255;

    private readonly ILogger<ConnectionLog> _logger;
    private readonly LineLimit _limit;

    public ConnectionLog(ILogger<ConnectionLog> logger, TimeProvider time)
    {
        _logger = logger;
        _limit = new LineLimit(LinesPerSecond, time, More);
    }

    /// <summary>A connection that was not let in, or was dropped to let another one in.</summary>
    public void Refused(IPAddress remote, AdmissionRefusal refusal)
    {
        if (MayWrite())
        {
            ConnectionRefused(remote, MetricNames.Of(refusal));
        }
    }

    /// <param name="remote">The client's address.</param>
    /// <param name="refusal">Why.</param>
    /// <param name="detail">For people, in printable ASCII.</param>
    public void Refused(IPAddress remote, HandshakeRefusal refusal, string detail)
    {
        if (MayWrite())
        {
            HandshakeRefused(remote, MetricNames.Of(refusal), detail);
        }
    }

    /// <summary>An origin that is not allowed, whether that is told by status or by close frame.</summary>
    public void OriginRefused(IPAddress remote, string origin)
    {
        if (MayWrite())
        {
            RefusedOrigin(PrintableWriter.Escape(origin.Length <= LongestOrigin ? origin : origin[..LongestOrigin]) + (origin.Length <= LongestOrigin ? "" : "..."), remote);
        }
    }

    /// <summary>A handshake during which the application's authentication failed.</summary>
    public void ApplicationFailed(IPAddress remote, Exception error)
    {
        if (MayWrite())
        {
            AuthenticationFailed(error, remote);
        }
    }

    /// <summary>A hook of the application threw, or answered what cannot be.</summary>
    public void HookFailed(IPAddress remote, Exception error)
    {
        if (MayWrite())
        {
            FailedHook(error, remote);
        }
    }

    /// <summary>A hook of the application did not answer in time.</summary>
    public void HookTimedOut(IPAddress remote)
    {
        if (MayWrite())
        {
            LateHook(remote);
        }
    }

    /// <summary>A WebSocket connection that this side closes.</summary>
    /// <param name="connection">Its number.</param>
    /// <param name="remote">The client's address.</param>
    /// <param name="reason">Told to the client.</param>
    /// <param name="detail">Told to nobody but the log, in printable ASCII.</param>
    public void Closed(long connection, IPAddress remote, DisconnectReason reason, string detail = "")
    {
        if (!TellsOfOneClient(reason) || !MayWrite())
        {
            return;
        }

        Closed(connection, remote, reason.Code, detail.Length == 0 ? reason.Reason : $"{reason.Reason} ({detail})");
    }

    /// <summary>A WebSocket connection whose peer answered no ping.</summary>
    public void Cut(long connection, IPAddress remote)
    {
        if (MayWrite())
        {
            Closed(connection, remote, 1006, "heartbeat");
        }
    }

    /// <summary>The token of a <c>subscribe</c>, whose connection goes on.</summary>
    /// <param name="remote">The client's address.</param>
    /// <param name="detail">As in <see cref="Refused(IPAddress, HandshakeRefusal, string)"/>.</param>
    public void GrantRefused(IPAddress remote, string detail)
    {
        if (MayWrite())
        {
            RefusedGrant(remote, detail);
        }
    }

    /// <summary>A fault of this side's own, that ended one connection.</summary>
    public void Failed(long connection, IPAddress remote, Exception error)
    {
        if (MayWrite())
        {
            Failed(error, connection, remote);
        }
    }

    public void Dispose() => _limit.Dispose();

    /// <summary>Origins have their line already, which names the setting.</summary>
    private static bool TellsOfOneClient(DisconnectReason reason) =>
        reason != DisconnectReasons.Restart && reason != DisconnectReasons.ServerError && reason != DisconnectReasons.OriginNotAllowed;

    private bool MayWrite() => _logger.IsEnabled(LogLevel.Information) && _limit.TryTake();

    [LoggerMessage(1001, LogLevel.Information, "Refused origin {Origin} of {Remote}; broker.origins.allow decides")]
    private partial void RefusedOrigin(string origin, IPAddress remote);

    [LoggerMessage(1102, LogLevel.Information, "Refused a connection of {Remote}: {Reason}")]
    private partial void ConnectionRefused(IPAddress remote, string reason);

    [LoggerMessage(1103, LogLevel.Information, "Refused a handshake of {Remote}: {Reason} ({Detail})")]
    private partial void HandshakeRefused(IPAddress remote, string reason, string detail);

    [LoggerMessage(1104, LogLevel.Information, "Closed connection {Connection:x} of {Remote}: {Code} {Reason}")]
    private partial void Closed(long connection, IPAddress remote, int code, string reason);

    [LoggerMessage(1110, LogLevel.Information, "Refused the token of a subscribe of {Remote}: {Detail}")]
    private partial void RefusedGrant(IPAddress remote, string detail);

    [LoggerMessage(1106, LogLevel.Error, "Connection {Connection:x} of {Remote} failed and is cut")]
    private partial void Failed(Exception error, long connection, IPAddress remote);

    [LoggerMessage(1107, LogLevel.Error, "Refused a handshake of {Remote}: the application's authentication failed")]
    private partial void AuthenticationFailed(Exception error, IPAddress remote);

    [LoggerMessage(1108, LogLevel.Error, "A hook of the application failed for a client of {Remote}")]
    private partial void FailedHook(Exception error, IPAddress remote);

    [LoggerMessage(1109, LogLevel.Warning, "A hook of the application did not answer for a client of {Remote} within broker.hooks.timeout")]
    private partial void LateHook(IPAddress remote);

    [LoggerMessage(1105, LogLevel.Information, "{Count} more connections were refused or closed within a second")]
    private partial void More(int count);
}
