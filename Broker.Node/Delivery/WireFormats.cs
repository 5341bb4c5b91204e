using Broker.Protocol.Frames;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>What comes with each wire format: its codec, its subprotocol and its kind of frame.</summary>
internal static class WireFormats
{
    private const string MessagePack = "broker.v1.msgpack";

    /// <summary>Names of the subprotocols.</summary>
    public static readonly IReadOnlyList<string> Subprotocols = ["broker.v1.json", MessagePack];

    /// <param name="subprotocol">One of <see cref="Subprotocols"/>; null, where the client offered none, is JSON.</param>
    public static WireFormat OfSubprotocol(string? subprotocol) => subprotocol == MessagePack ? WireFormat.MessagePack : WireFormat.Json;

    public static IWireCodec Codec(this WireFormat format) => format == WireFormat.Json ? JsonWireCodec.Instance : MessagePackWireCodec.Instance;

    public static Opcode Opcode(this WireFormat format) => format == WireFormat.Json ? Protocol.Frames.Opcode.Text : Protocol.Frames.Opcode.Binary;
}
