using Broker.Node.Delivery;
using Broker.Protocol.Deflate;
using Broker.Protocol.Frames;
using Broker.Protocol.Session;

namespace Broker.Node.Transports.WebSocket;

/// <summary>The rest of the connection that a <see cref="FramingStage"/> belongs to. Called on the stage's thread unless said.</summary>
internal interface IWebSocketPeer : IBatchOwner
{
    /// <summary>Read when the first frame comes.</summary>
    WebSocketLimits Limits { get; }

    /// <summary>What was negotiated of permessage-deflate; null: nothing. Read when the first frame comes.</summary>
    DeflateParameters? Compression { get; }

    /// <summary>Bytes a message may have now; read before every chunk, so it may change from any thread.</summary>
    int MessageLimit { get; }

    /// <summary>
    /// Each message is handed on alone, and what came behind it is not looked at until downstream asks for more; read before
    /// every chunk, so it may change from any thread.
    /// </summary>
    bool OneByOne { get; }

    /// <summary>Bytes arrived: the peer lives.</summary>
    void OnReceived();

    void OnPong();

    /// <summary>A read ended inside a message that began in it (true), or none is open any more (false).</summary>
    void OnUnfinished(bool unfinished);

    /// <summary>An unfinished message takes an array of another size after a read than before it; 0: none is unfinished.</summary>
    void OnKept(int bytes);

    /// <summary>Writes a pong frame; one that still waits may be replaced.</summary>
    void SendPong(ReadOnlySpan<byte> frame);

    /// <summary>The session failed the connection: writes the close frame, after which nothing is written.</summary>
    /// <param name="code">The code of the close frame.</param>
    /// <param name="abuse">The limit behind a 1008.</param>
    /// <param name="frame">The close frame.</param>
    void Fail(CloseCode code, WebSocketAbuse abuse, ReadOnlySpan<byte> frame);

    /// <summary>Writes the answer to the peer's close frame, after which nothing is written.</summary>
    void Finish(ReadOnlySpan<byte> frame);
}
