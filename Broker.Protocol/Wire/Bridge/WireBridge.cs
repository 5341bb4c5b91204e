using System.Buffers;

namespace Broker.Protocol.Wire.Bridge;

/// <summary>
/// Carries values from one wire format to the other: every value of the one has one in the other, except that numbers
/// past JavaScript's and MessagePack's reach come as near as a double can, and bytes become base64. Thread-safe; allocates
/// nothing in steady state.
/// </summary>
/// <remarks>
/// JSON to MessagePack: an integer that fits 64 bits stays exact, every other number becomes a double, one beyond the
/// largest double that largest one: MessagePack has no end of digits, and infinity is refused on this wire.
/// MessagePack to JSON: integers exact, doubles and floats in the fewest digits that read back as the same double.
/// </remarks>
public static class WireBridge
{
    /// <summary>Carries a push over. Bytes that are the whole <c>data</c> get <c>"encoding":"base64"</c> beside them.</summary>
    /// <param name="push">A push as the codec of <paramref name="from"/> writes it.</param>
    /// <param name="from">Its format.</param>
    /// <param name="output">Takes the push in the other format; what is in it counts only for true.</param>
    /// <returns>False for what no codec has let through or written.</returns>
    public static bool TryCarryPush(ReadOnlySpan<byte> push, WireFormat from, IBufferWriter<byte> output) =>
        from == WireFormat.Json
            ? JsonToMessagePack.TryWrite(push, output)
            : new MessagePackToJson(push, output).TryWritePush();

    /// <summary>Carries one encoded value over, as <see cref="TryCarryPush"/> does, but base64 without a mark.</summary>
    public static bool TryCarry(ReadOnlySpan<byte> value, WireFormat from, IBufferWriter<byte> output) =>
        from == WireFormat.Json
            ? JsonToMessagePack.TryWrite(value, output)
            : new MessagePackToJson(value, output).TryWrite();
}
