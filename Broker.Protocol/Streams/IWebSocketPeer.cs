using Broker.Protocol.Session;

namespace Broker.Protocol.Streams;

/// <summary>The rest of the connection that a <see cref="FramingStage"/> belongs to. Called on the stage's thread unless said.</summary>
public interface IWebSocketPeer
{
    WebSocketLimits Limits { get; }

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

    /// <summary>Bytes of messages handed downstream have been taken by those they were for. Any thread.</summary>
    void OnTaken(int bytes);

    /// <summary>Writes a pong frame; one that still waits may be replaced.</summary>
    void SendPong(ReadOnlySpan<byte> frame);

    /// <summary>Writes the close frame, after which nothing is written.</summary>
    void Finish(ReadOnlySpan<byte> frame);
}
