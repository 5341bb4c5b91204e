using System.Buffers;
using System.Text;
using Broker.Node.Delivery;
using Broker.Node.Links;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Node.Lanes;

/// <summary>
/// Layout of <see cref="RoomInput"/>, <see cref="RoomPush"/> and <see cref="RoomReply"/> between nodes: numbers in little-endian groups of seven bits, texts and bytes
/// behind their length, what may be missing behind a flag. A decoder answers null to anything that is not of its form.
/// </summary>
internal static class RoomCodec
{
    private const byte Input = 1;
    private const byte Push = 2;

    /// <summary>Bytes of a name or a token between nodes.</summary>
    private const int LongestText = 1024;

    private static readonly ErrorCode LastError = Enum.GetValues<ErrorCode>()[^1];

    /// <summary>As an entry of the owned link.</summary>
    public static void Write(IBufferWriter<byte> output, RoomInput input)
    {
        var writer = new PartitionWriter(output);
        writer.Byte(Input);
        Write(ref writer, input);
    }

    /// <inheritdoc cref="Write(IBufferWriter{byte}, RoomInput)"/>
    public static void Write(IBufferWriter<byte> output, RoomPush push)
    {
        var writer = new PartitionWriter(output);
        writer.Byte(Push);
        writer.Byte((byte)push.Kind);
        Text(ref writer, push.Room);
        writer.Number(push.Generation);
        writer.Number(push.Node);
        writer.Number(push.Connection);
        writer.Number(push.Number);
        writer.Byte((byte)push.Error);
        Text(ref writer, push.Token);
        writer.Bytes(push.Payload.Span);
        writer.Byte((byte)push.Format);
    }

    /// <summary>An entry of the owned link: one of the two, or neither.</summary>
    public static (RoomInput? Input, RoomPush? Push) Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new PartitionReader(bytes);
        var kind = reader.Byte(Push);
        var input = kind == Input ? ReadInput(ref reader) : null;
        var push = kind == Push ? ReadPush(ref reader) : null;
        return reader.IsWhole ? (input, push) : (null, null);
    }

    /// <summary>As a message to a shard region.</summary>
    public static byte[] Encode(RoomInput input)
    {
        var buffer = MessageBuffer.OfThread;
        var writer = new PartitionWriter(buffer);
        writer.Byte(LinkProtocol.Major);
        Write(ref writer, input);
        return buffer.Written.ToArray();
    }

    public static RoomInput? DecodeInput(byte[] bytes)
    {
        var reader = new PartitionReader(bytes);
        var isOwn = reader.Byte() == LinkProtocol.Major;
        var input = ReadInput(ref reader);
        return isOwn && reader.IsWhole ? input : null;
    }

    public static byte[] Encode(RoomReply reply)
    {
        var buffer = MessageBuffer.OfThread;
        var writer = new PartitionWriter(buffer);
        writer.Byte(LinkProtocol.Major);
        Text(ref writer, reply.Room);
        writer.Number(reply.Number);
        writer.Byte((byte)reply.Error);
        OptionalText(ref writer, reply.Token);
        return buffer.Written.ToArray();
    }

    public static RoomReply? DecodeReply(byte[] bytes)
    {
        var reader = new PartitionReader(bytes);
        var isOwn = reader.Byte() == LinkProtocol.Major;
        var reply = new RoomReply(Text(ref reader), reader.Number(), (ErrorCode)reader.Byte((byte)LastError)) { Token = OptionalText(ref reader) };
        return isOwn && reader.IsWhole ? reply : null;
    }

    private static void Write(ref PartitionWriter writer, RoomInput input)
    {
        writer.Byte((byte)input.Kind);
        Text(ref writer, input.Room);
        writer.Number(input.Node);
        writer.Number(input.Connection);
        writer.Number(input.Number);
        writer.Byte((byte)input.Id.Kind);
        writer.Number(input.Id.Number);
        writer.Bytes(input.Id.Text.Span);
        OptionalText(ref writer, input.User);
        Text(ref writer, input.RoomKind);
        Text(ref writer, input.Name);
        OptionalText(ref writer, input.To);
        OptionalText(ref writer, input.Token);
        OptionalText(ref writer, input.Code);
        writer.Flag(input.AsSpectator);
        writer.Bytes(input.Data.Span);
        writer.Bytes(input.Options.Span);
        writer.Byte((byte)input.Format);
    }

    private static RoomInput? ReadInput(ref PartitionReader reader)
    {
        var kind = (RoomInputKind)reader.Byte((byte)RoomInputKind.Reserve);
        var input = new RoomInput(kind, Text(ref reader))
        {
            Node = Node(ref reader),
            Connection = reader.Number(),
            Number = reader.Number(),
            Id = Id(ref reader),
            User = OptionalText(ref reader),
            RoomKind = Text(ref reader),
            Name = Text(ref reader),
            To = OptionalText(ref reader),
            Token = OptionalText(ref reader),
            Code = OptionalText(ref reader),
            AsSpectator = reader.Flag(),
            Data = reader.Bytes(),
            Options = reader.Bytes(),
            Format = (WireFormat)reader.Byte((byte)WireFormat.MessagePack),
        };
        return kind == 0 ? null : input;
    }

    private static RoomPush? ReadPush(ref PartitionReader reader)
    {
        var kind = (RoomPushKind)reader.Byte((byte)RoomPushKind.NotHere);
        var push = new RoomPush(kind, Text(ref reader), reader.Number())
        {
            Node = Node(ref reader),
            Connection = reader.Number(),
            Number = reader.Number(),
            Error = (ErrorCode)reader.Byte((byte)LastError),
            Token = Text(ref reader),
            Payload = reader.Bytes(),
            Format = (WireFormat)reader.Byte((byte)WireFormat.MessagePack),
        };
        return kind == 0 ? null : push;
    }

    private static uint Node(ref PartitionReader reader)
    {
        var node = reader.Number();
        return node <= uint.MaxValue ? (uint)node : 0;
    }

    private static WireId Id(ref PartitionReader reader)
    {
        var (kind, number, text) = ((WireIdKind)reader.Byte((byte)WireIdKind.Text), reader.Number(), reader.Bytes());
        WireId id = default;
        _ = kind switch
        {
            WireIdKind.Number => WireId.TryCreate(number, out id),
            WireIdKind.Text => WireId.TryCreate(text, out id),
            _ => false,
        };
        return id;
    }

    private static void Text(ref PartitionWriter writer, string text) => writer.Bytes(Encoding.UTF8.GetBytes(text));

    private static string Text(ref PartitionReader reader)
    {
        var bytes = reader.Bytes();
        return bytes.Length <= LongestText ? Encoding.UTF8.GetString(bytes) : "";
    }

    private static void OptionalText(ref PartitionWriter writer, string? text)
    {
        writer.Flag(text is not null);
        if (text is not null)
        {
            Text(ref writer, text);
        }
    }

    private static string? OptionalText(ref PartitionReader reader) => reader.Flag() ? Text(ref reader) : null;
}
