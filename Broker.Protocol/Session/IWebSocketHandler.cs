using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>
/// What a session tells its owner, on the caller's thread and inside the call that caused it. Spans are valid only
/// inside the call. A handler may close, send or dispose of the session, but not feed it more bytes.
/// </summary>
public interface IWebSocketHandler
{
    /// <summary>A whole message, unmasked; text is valid UTF-8.</summary>
    /// <param name="opcode">Text or Binary.</param>
    /// <param name="payload">The message.</param>
    void OnMessage(Opcode opcode, ReadOnlySpan<byte> payload);

    /// <summary>A pong, asked for or not.</summary>
    void OnPong(ReadOnlySpan<byte> payload);

    /// <summary>The peer's close frame; <see cref="CloseCode.NoStatusReceived"/> and an empty reason when it had none.</summary>
    void OnClose(CloseCode code, string reason);

    /// <summary>A whole frame to be written next; after a Close nothing may be written.</summary>
    void OnSend(Opcode opcode, ReadOnlySpan<byte> frame);
}
