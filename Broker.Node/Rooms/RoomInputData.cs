using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;
using Broker.Rooms;

namespace Broker.Node.Rooms;

/// <summary>What clients send, in the format that the room reads.</summary>
internal static class RoomInputData
{
    /// <returns>False: it cannot be carried over.</returns>
    public static bool TryRead(RoomInput input, RoomKind kind, out RoomData data)
    {
        data = Of(input.Data, input.Format, kind);
        return data.IsNone == input.Data.IsEmpty;
    }

    /// <summary>None where it cannot be carried over.</summary>
    public static RoomData Of(ReadOnlyMemory<byte> value, WireFormat format, RoomKind kind)
    {
        var own = (WireFormat)kind.Options.Format;
        if (!value.IsEmpty && format != own)
        {
            var buffer = MessageBuffer.OfThread;
            value = WireBridge.TryCarry(value.Span, format, buffer) ? buffer.Written.ToArray() : default;
        }

        return own == WireFormat.Json ? RoomData.Json(value) : RoomData.MessagePack(value);
    }
}
