using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Diagnostics;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;
using Broker.Protocol.Wire;

namespace Broker.Node.Transports.WebSocket;

/// <summary>The ways a connection comes to its end: what the client is told, what is counted and logged. The first counts, and is the only one.</summary>
internal sealed class ConnectionClosing(ClientConnection connection)
{
    /// <summary>What the log says beside the reason.</summary>
    public string Detail { get; set; } = "";

    private BrokerMetrics Metrics => connection.Services.Metrics;

    private ConnectionLog Log => connection.Services.Log;

    private UpgradedRequest Request => connection.Request!;

    /// <summary>For a reason of this side's: <c>disconnecting</c> and a close frame.</summary>
    public void Close(DisconnectReason reason, TimeSpan after)
    {
        if (TryBegin())
        {
            Span<byte> frame = stackalloc byte[FrameWriter.MaxServerControl];
            Close(reason, after, frame[..FrameWriter.WriteClose(frame, (CloseCode)reason.Code, reason.Reason)]);
        }
    }

    /// <summary>The peer broke a rule of the framing.</summary>
    public void Fail(CloseCode code, WebSocketAbuse abuse, ReadOnlySpan<byte> frame)
    {
        if (IsTooEarly(frame, kept => Fail(code, abuse, kept)) || !TryBegin())
        {
            return;
        }

        if (abuse != WebSocketAbuse.None)
        {
            Metrics.Abused(Kind(abuse));
        }

        Close(Reason(code), TimeSpan.Zero, frame);
    }

    /// <summary>Writes last bytes that need no other word: the answer to the peer's close, or a refusal of the handshake.</summary>
    public void Finish(ReadOnlySpan<byte> frame)
    {
        if (!IsTooEarly(frame, kept => Finish(kept)) && TryBegin())
        {
            connection.Writer.Finish(frame);
            connection.State.Tell(ConnectionSignal.Closing);
        }
    }

    /// <summary>The peer does not answer: not another byte.</summary>
    public void Cut()
    {
        if (TryBegin())
        {
            Metrics.Cut();
            Log.Cut(connection.Id, Request.Remote);
        }

        connection.Abort();
    }

    /// <summary>Its answers may not be true any more: not another byte.</summary>
    public void Disown()
    {
        if (TryBegin())
        {
            Count(DisconnectReasons.Restart);
        }

        connection.Abort();
    }

    /// <summary>There was no room for what it holds: tells the client, if the transport takes that at once.</summary>
    public void LastWords()
    {
        if (connection.State.Phase == ConnectionPhase.Open)
        {
            Close(DisconnectReasons.Overloaded, TimeSpan.Zero);
        }
        else if (TryBegin())
        {
            // The welcome, which is the first message on every connection, has not been sent.
            Count(DisconnectReasons.Overloaded);
        }
    }

    private bool TryBegin() => connection.State.TryBeginClosing(connection.Services.Time);

    /// <summary>What came with the request may end the connection before its actor has started.</summary>
    private bool IsTooEarly(ReadOnlySpan<byte> frame, Action<byte[]> end)
    {
        if (connection.State.Phase != ConnectionPhase.Upgraded)
        {
            return false;
        }

        var kept = frame.ToArray();
        return connection.State.TryKeep(() => end(kept));
    }

    private void Close(DisconnectReason reason, TimeSpan after, ReadOnlySpan<byte> closeFrame)
    {
        var writer = connection.Writer;
        Count(reason);
        if (IsTold(reason))
        {
            var message = MessageBuffer.OfThread;
            writer.Framing.Codec.Write(message, new DisconnectingMessage(reason, (long)after.TotalMilliseconds));
            writer.Reply(message);
        }

        writer.Finish(closeFrame);
        connection.State.Tell(ConnectionSignal.Closing);
    }

    private void Count(DisconnectReason reason)
    {
        Metrics.Closed(reason);
        Log.Closed(connection.Id, Request.Remote, reason, Detail);
    }

    /// <summary>Who breaks the framing, or has another protocol in mind, is no client to talk to.</summary>
    private bool IsTold(DisconnectReason reason) => reason.Code is not (1002 or 1003 or 1007) && Request is { Echo: false, OriginRefused: false };

    private static DisconnectReason Reason(CloseCode code) => code switch
    {
        CloseCode.UnsupportedData => DisconnectReasons.UnsupportedData,
        CloseCode.InvalidPayloadData => DisconnectReasons.InvalidData,
        CloseCode.PolicyViolation => DisconnectReasons.Abuse,
        CloseCode.MessageTooBig => DisconnectReasons.MessageTooBig,
        _ => DisconnectReasons.ProtocolError,
    };

    private static AbuseKind Kind(WebSocketAbuse abuse) => abuse switch
    {
        WebSocketAbuse.Fragments => AbuseKind.Fragments,
        _ => AbuseKind.ControlFrames,
    };
}
