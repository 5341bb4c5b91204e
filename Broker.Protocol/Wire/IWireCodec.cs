using System.Buffers;

namespace Broker.Protocol.Wire;

/// <summary>
/// One encoding of the client protocol. Thread-safe. Encoded values (<c>data</c>, <c>info</c>) go in and out in the
/// codec's own format. In every message that answers a request <c>id</c> comes right after <c>type</c>.
/// </summary>
public interface IWireCodec
{
    WireFormat Format { get; }

    /// <summary>
    /// Decodes a frame: one message, or an array of them. Never throws, whatever the bytes.
    /// </summary>
    /// <param name="frame">A whole message of the transport; the result points into it.</param>
    /// <param name="into">Cleared first. Elements that are wrong by themselves are in it with their <see cref="ClientMessage.Error"/>.</param>
    /// <returns>
    /// <see cref="ErrorCode.None"/>, or what is wrong with the whole frame, of which then nothing is in <paramref name="into"/>:
    /// <see cref="ErrorCode.InvalidJson"/> (JSON) or <see cref="ErrorCode.InvalidMessage"/> where it does not decode, <see cref="ErrorCode.InvalidMessage"/> where it
    /// decodes to neither a map nor an array with 1 to <see cref="WireLimits.Batch"/> elements.
    /// </returns>
    ErrorCode Decode(ReadOnlyMemory<byte> frame, ClientMessageList into);

    /// <summary>The exact number of bytes <see cref="WriteMessage"/> writes, so that a frame header can be put first.</summary>
    int MeasureMessage(in PushMessage push);

    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="MeasureMessage"/> says.</exception>
    int WriteMessage(Span<byte> destination, in PushMessage push);

    /// <summary>Writes a push once more, with <c>pattern</c> behind all it has: as those get it whose subscription is to a pattern.</summary>
    /// <param name="output">Takes it; nothing for false.</param>
    /// <param name="push">As <see cref="WriteMessage"/> writes it.</param>
    /// <param name="pattern">UTF-8.</param>
    /// <returns>False for what cannot be a push.</returns>
    bool TryWriteWithPattern(IBufferWriter<byte> output, ReadOnlySpan<byte> push, ReadOnlySpan<byte> pattern);

    /// <summary>Writes a push once more, with <c>offset</c> behind all it has: as the one that gave it a place in a sequenced topic does.</summary>
    /// <param name="output">Takes it; nothing for false.</param>
    /// <param name="push">As <see cref="WriteMessage"/> writes it without an offset.</param>
    /// <param name="offset">From 1.</param>
    /// <returns>False for what cannot be a push.</returns>
    bool TryWriteWithOffset(IBufferWriter<byte> output, ReadOnlySpan<byte> push, long offset);

    void Write(IBufferWriter<byte> output, in WelcomeMessage message);

    void Write(IBufferWriter<byte> output, in AuthenticatedMessage message);

    void Write(IBufferWriter<byte> output, in SubscribedMessage message);

    void Write(IBufferWriter<byte> output, in UnsubscribedMessage message);

    void Write(IBufferWriter<byte> output, in PublishedMessage message);

    /// <exception cref="ArgumentException">One of <see cref="HistoryMessage.Pushes"/> is none.</exception>
    void Write(IBufferWriter<byte> output, in HistoryMessage message);

    void Write(IBufferWriter<byte> output, in PresenceMessage message);

    void Write(IBufferWriter<byte> output, in MembersMessage message);

    void Write(IBufferWriter<byte> output, in GapMessage message);

    void Write(IBufferWriter<byte> output, in PongMessage message);

    void Write(IBufferWriter<byte> output, in DisconnectingMessage message);

    void Write(IBufferWriter<byte> output, in ErrorMessage message);

    void Write(IBufferWriter<byte> output, in RoomJoinedMessage message);

    void Write(IBufferWriter<byte> output, in RoomLeftMessage message);

    void Write(IBufferWriter<byte> output, in RoomStateMessage message);

    void Write(IBufferWriter<byte> output, in RoomEventMessage message);

    void Write(IBufferWriter<byte> output, in RoomPlayerMessage message);

    void Write(IBufferWriter<byte> output, in RoomPausedMessage message);

    void Write(IBufferWriter<byte> output, in ResultMessage message);

    void Write(IBufferWriter<byte> output, in RoomListMessage message);

    void Write(IBufferWriter<byte> output, in MatchWaitingMessage message);

    void Write(IBufferWriter<byte> output, in MatchFoundMessage message);
}

/// <summary>How messages are written on the wire; chosen by the WebSocket subprotocol.</summary>
public enum WireFormat : byte
{
    /// <summary><c>broker.v1.json</c>, text frames; also what a client without a subprotocol speaks.</summary>
    Json,

    /// <summary><c>broker.v1.msgpack</c>, binary frames: the same maps and keys.</summary>
    MessagePack,
}
