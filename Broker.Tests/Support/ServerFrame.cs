using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;
using Broker.Tests.Wire;
using MessagePack;

namespace Broker.Tests.Support;

/// <summary>Whole frames as a server writes them, to make and to take apart.</summary>
/// <param name="First">FIN, RSV and opcode.</param>
/// <param name="Payload">Not masked.</param>
internal sealed record ServerFrame(int First, byte[] Payload)
{
    /// <summary>The inside of one frame.</summary>
    public static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> frame) => frame[(frame[1] switch { 126 => 4, 127 => 10, _ => 2 })..];

    /// <summary>A push as a log has it.</summary>
    public static byte[] Of(string json, WireFormat format = WireFormat.Json)
    {
        var message = new MessageBuffer();
        message.Write(format == WireFormat.Json ? Encoding.UTF8.GetBytes(json) : MessagePackSamples.Encode(json));
        return WebSocketFraming.Of(format).Frame(message).ToArray();
    }

    public static List<ServerFrame> ReadAll(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<ServerFrame>();
        while (!bytes.IsEmpty)
        {
            var (length, header) = bytes[1] switch
            {
                126 => (BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 4),
                127 => (BinaryPrimitives.ReadInt32BigEndian(bytes[6..]), 10),
                var n => (n, 2),
            };
            frames.Add(new ServerFrame(bytes[0], bytes.Slice(header, length).ToArray()));
            bytes = bytes[(header + length)..];
        }

        return frames;
    }

    /// <summary>What is in it, as JSON; more than one for an array. The opcode must be the format's.</summary>
    public IReadOnlyList<string> Messages(WireFormat format = WireFormat.Json)
    {
        Assert.Equal(format == WireFormat.Json ? 0x81 : 0x82, First);
        if (format == WireFormat.Json)
        {
            using var document = JsonDocument.Parse(Payload);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.EnumerateArray().Select(static message => message.GetRawText())]
                : [document.RootElement.GetRawText()];
        }

        var reader = new MessagePackReader(Payload);
        if (reader.NextMessagePackType != MessagePackType.Array)
        {
            return [MessagePackSamples.Show(Payload)];
        }

        var messages = new List<string>();
        for (var count = reader.ReadArrayHeader(); count > 0; count--)
        {
            var start = (int)reader.Consumed;
            reader.Skip();
            messages.Add(MessagePackSamples.Show(Payload.AsSpan(start, (int)reader.Consumed - start)));
        }

        Assert.True(reader.End, "bytes behind the array");
        return messages;
    }
}
