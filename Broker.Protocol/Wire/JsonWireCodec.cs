using System.Buffers;
using System.Text.Json;
using Broker.Protocol.Wire.Json;

namespace Broker.Protocol.Wire;

/// <summary>
/// <c>broker.v1.json</c>. Stricter than JSON: no byte order mark, no key twice in a map at any level, no lone
/// surrogate, at most <see cref="WireLimits.Depth"/> levels (<see cref="JsonReaderOptions.MaxDepth"/> counts the
/// frame's own array and maps too). Numbers inside <c>data</c> stay as they are written, out of range or not.
/// </summary>
public sealed class JsonWireCodec : IWireCodec
{
    // Per thread, not per connection: decoding is synchronous, and an idle connection should hold nothing.
    [ThreadStatic]
    private static KeyTracker? _keys;

    private JsonWireCodec()
    {
    }

    private delegate void Put<T>(ref JsonSpanWriter writer, in T message);

    public static JsonWireCodec Instance { get; } = new();

    public WireFormat Format => WireFormat.Json;

    public ErrorCode Decode(ReadOnlyMemory<byte> frame, ClientMessageList into)
    {
        into.Clear();
        if (!WireText.IsValidUtf8(frame.Span))
        {
            return ErrorCode.InvalidJson;
        }

        var keys = _keys ??= new KeyTracker();
        ErrorCode error;
        try
        {
            error = new JsonRequestReader(frame, keys).Read(into);
        }
        catch (JsonException)
        {
            // The only way the reader of the runtime has to say it.
            error = ErrorCode.InvalidJson;
        }
        finally
        {
            keys.Reset();
        }

        if (error != ErrorCode.None)
        {
            into.Clear();
        }

        return error;
    }

    public int MeasureMessage(in PushMessage push)
    {
        var writer = JsonSpanWriter.Measuring();
        JsonMessages.Push(ref writer, push);
        return writer.Position;
    }

    public int WriteMessage(Span<byte> destination, in PushMessage push)
    {
        var writer = new JsonSpanWriter(destination);
        JsonMessages.Push(ref writer, push);
        return writer.Position;
    }

    public bool TryWriteWithPattern(IBufferWriter<byte> output, ReadOnlySpan<byte> push, ReadOnlySpan<byte> pattern)
    {
        if (!TakesOneMore(push))
        {
            return false;
        }

        // Room for the worst: measuring would cost as much as writing does.
        var writer = new JsonSpanWriter(output.GetSpan(push.Length + JsonMessages.LongestAddition + (JsonText.LongestEscape * pattern.Length)));
        JsonMessages.WithPattern(ref writer, push, pattern);
        output.Advance(writer.Position);
        return true;
    }

    public bool TryWriteWithOffset(IBufferWriter<byte> output, ReadOnlySpan<byte> push, long offset)
    {
        if (!TakesOneMore(push))
        {
            return false;
        }

        var writer = new JsonSpanWriter(output.GetSpan(push.Length + JsonMessages.LongestAddition));
        JsonMessages.WithOffset(ref writer, push, offset);
        output.Advance(writer.Position);
        return true;
    }

    public void Write(IBufferWriter<byte> output, in WelcomeMessage message) => Write(output, message, JsonMessages.Welcome);

    public void Write(IBufferWriter<byte> output, in AuthenticatedMessage message) => Write(output, message, JsonMessages.Authenticated);

    public void Write(IBufferWriter<byte> output, in SubscribedMessage message) => Write(output, message, JsonMessages.Subscribed);

    public void Write(IBufferWriter<byte> output, in UnsubscribedMessage message) => Write(output, message, JsonMessages.Unsubscribed);

    public void Write(IBufferWriter<byte> output, in PublishedMessage message) => Write(output, message, JsonMessages.Published);

    public void Write(IBufferWriter<byte> output, in HistoryMessage message) => Write(output, message, JsonMessages.History);

    public void Write(IBufferWriter<byte> output, in PresenceMessage message) => Write(output, message, JsonMessages.Presence);

    public void Write(IBufferWriter<byte> output, in MembersMessage message) => Write(output, message, JsonMessages.Members);

    public void Write(IBufferWriter<byte> output, in GapMessage message) => Write(output, message, JsonMessages.Gap);

    public void Write(IBufferWriter<byte> output, in PongMessage message) => Write(output, message, JsonMessages.Pong);

    public void Write(IBufferWriter<byte> output, in DisconnectingMessage message) => Write(output, message, JsonMessages.Disconnecting);

    public void Write(IBufferWriter<byte> output, in ErrorMessage message) => Write(output, message, JsonMessages.Error);

    public void Write(IBufferWriter<byte> output, in RoomJoinedMessage message) => Write(output, message, JsonRoomMessages.Joined);

    public void Write(IBufferWriter<byte> output, in RoomLeftMessage message) => Write(output, message, JsonRoomMessages.Left);

    public void Write(IBufferWriter<byte> output, in RoomStateMessage message) => Write(output, message, JsonRoomMessages.State);

    public void Write(IBufferWriter<byte> output, in RoomEventMessage message) => Write(output, message, JsonRoomMessages.Event);

    public void Write(IBufferWriter<byte> output, in RoomPlayerMessage message) => Write(output, message, JsonRoomMessages.Player);

    public void Write(IBufferWriter<byte> output, in RoomPausedMessage message) => Write(output, message, JsonRoomMessages.Paused);

    public void Write(IBufferWriter<byte> output, in ResultMessage message) => Write(output, message, JsonRoomMessages.Result);

    public void Write(IBufferWriter<byte> output, in RoomListMessage message) => Write(output, message, JsonRoomMessages.List);

    public void Write(IBufferWriter<byte> output, in MatchWaitingMessage message) => Write(output, message, JsonRoomMessages.MatchWaiting);

    public void Write(IBufferWriter<byte> output, in MatchFoundMessage message) => Write(output, message, JsonRoomMessages.MatchFound);

    private static bool TakesOneMore(ReadOnlySpan<byte> push) => push is [.., (byte)'}'];

    private static void Write<T>(IBufferWriter<byte> output, in T message, Put<T> put)
    {
        var measure = JsonSpanWriter.Measuring();
        put(ref measure, message);
        var writer = new JsonSpanWriter(output.GetSpan(measure.Position));
        put(ref writer, message);
        output.Advance(writer.Position);
    }
}
