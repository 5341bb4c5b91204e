using System.Buffers;
using Broker.Protocol.Wire.MessagePack;

namespace Broker.Protocol.Wire;

/// <summary>
/// <c>broker.v1.msgpack</c>: the maps and keys of the JSON form. Takes any encoding of a length or number and writes the
/// shortest. Stricter than MessagePack: keys are text and stand once in a map, text is UTF-8, numbers are finite, no
/// extensions (the timestamp is one), at most <see cref="WireLimits.Depth"/> levels with the frame's own.
/// </summary>
public sealed class MessagePackWireCodec : IWireCodec
{
    // Per thread, not per connection: decoding is synchronous, and an idle connection should hold nothing.
    [ThreadStatic]
    private static KeyTracker? _keys;

    private MessagePackWireCodec()
    {
    }

    private delegate void Put<T>(ref MessagePackSpanWriter writer, in T message);

    public static MessagePackWireCodec Instance { get; } = new();

    public WireFormat Format => WireFormat.MessagePack;

    public ErrorCode Decode(ReadOnlyMemory<byte> frame, ClientMessageList into)
    {
        into.Clear();
        var keys = _keys ??= new KeyTracker();
        var error = new MessagePackRequestReader(frame, keys).Read(into);
        keys.Reset();
        if (error != ErrorCode.None)
        {
            into.Clear();
        }

        return error;
    }

    public int MeasureMessage(in PushMessage push)
    {
        var writer = MessagePackSpanWriter.Measuring();
        MessagePackMessages.Push(ref writer, push);
        return writer.Position;
    }

    public int WriteMessage(Span<byte> destination, in PushMessage push)
    {
        var writer = new MessagePackSpanWriter(destination);
        MessagePackMessages.Push(ref writer, push);
        return writer.Position;
    }

    public bool TryWriteWithPattern(IBufferWriter<byte> output, ReadOnlySpan<byte> push, ReadOnlySpan<byte> pattern)
    {
        if (!TakesOneMore(push))
        {
            return false;
        }

        // Room for the worst: measuring would cost as much as writing does.
        var writer = new MessagePackSpanWriter(output.GetSpan(push.Length + MessagePackMessages.LongestAddition + pattern.Length));
        MessagePackMessages.WithPattern(ref writer, push, pattern);
        output.Advance(writer.Position);
        return true;
    }

    public bool TryWriteWithOffset(IBufferWriter<byte> output, ReadOnlySpan<byte> push, long offset)
    {
        if (!TakesOneMore(push))
        {
            return false;
        }

        var writer = new MessagePackSpanWriter(output.GetSpan(push.Length + MessagePackMessages.LongestAddition));
        MessagePackMessages.WithOffset(ref writer, push, offset);
        output.Advance(writer.Position);
        return true;
    }

    public void Write(IBufferWriter<byte> output, in WelcomeMessage message) => Write(output, message, MessagePackMessages.Welcome);

    public void Write(IBufferWriter<byte> output, in AuthenticatedMessage message) => Write(output, message, MessagePackMessages.Authenticated);

    public void Write(IBufferWriter<byte> output, in SubscribedMessage message) => Write(output, message, MessagePackMessages.Subscribed);

    public void Write(IBufferWriter<byte> output, in UnsubscribedMessage message) => Write(output, message, MessagePackMessages.Unsubscribed);

    public void Write(IBufferWriter<byte> output, in PublishedMessage message) => Write(output, message, MessagePackMessages.Published);

    public void Write(IBufferWriter<byte> output, in HistoryMessage message) => Write(output, message, MessagePackMessages.History);

    public void Write(IBufferWriter<byte> output, in PresenceMessage message) => Write(output, message, MessagePackMessages.Presence);

    public void Write(IBufferWriter<byte> output, in MembersMessage message) => Write(output, message, MessagePackMessages.Members);

    public void Write(IBufferWriter<byte> output, in GapMessage message) => Write(output, message, MessagePackMessages.Gap);

    public void Write(IBufferWriter<byte> output, in PongMessage message) => Write(output, message, MessagePackMessages.Pong);

    public void Write(IBufferWriter<byte> output, in DisconnectingMessage message) => Write(output, message, MessagePackMessages.Disconnecting);

    public void Write(IBufferWriter<byte> output, in ErrorMessage message) => Write(output, message, MessagePackMessages.Error);

    public void Write(IBufferWriter<byte> output, in RoomJoinedMessage message) => Write(output, message, MessagePackRoomMessages.Joined);

    public void Write(IBufferWriter<byte> output, in RoomLeftMessage message) => Write(output, message, MessagePackRoomMessages.Left);

    public void Write(IBufferWriter<byte> output, in RoomStateMessage message) => Write(output, message, MessagePackRoomMessages.State);

    public void Write(IBufferWriter<byte> output, in RoomEventMessage message) => Write(output, message, MessagePackRoomMessages.Event);

    public void Write(IBufferWriter<byte> output, in RoomPlayerMessage message) => Write(output, message, MessagePackRoomMessages.Player);

    public void Write(IBufferWriter<byte> output, in RoomPausedMessage message) => Write(output, message, MessagePackRoomMessages.Paused);

    public void Write(IBufferWriter<byte> output, in ResultMessage message) => Write(output, message, MessagePackRoomMessages.Result);

    public void Write(IBufferWriter<byte> output, in RoomListMessage message) => Write(output, message, MessagePackRoomMessages.List);

    public void Write(IBufferWriter<byte> output, in MatchWaitingMessage message) => Write(output, message, MessagePackRoomMessages.MatchWaiting);

    public void Write(IBufferWriter<byte> output, in MatchFoundMessage message) => Write(output, message, MessagePackRoomMessages.MatchFound);

    private static bool TakesOneMore(ReadOnlySpan<byte> push) => !push.IsEmpty && MessagePackHeaders.TakesOneMore(push[0]);

    private static void Write<T>(IBufferWriter<byte> output, in T message, Put<T> put)
    {
        var measure = MessagePackSpanWriter.Measuring();
        put(ref measure, message);
        var writer = new MessagePackSpanWriter(output.GetSpan(measure.Position));
        put(ref writer, message);
        output.Advance(writer.Position);
    }
}
