using Broker.Protocol.Frames;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>How a transport carries the messages of its client. Without state; shared by connections.</summary>
/// <param name="format">Wire format of the client's messages.</param>
internal abstract class MessageFraming(WireFormat format)
{
    public WireFormat Format => format;

    public IWireCodec Codec { get; } = format.Codec();

    /// <summary>One message as it goes to the client; valid until the buffer's next write.</summary>
    public abstract ReadOnlySpan<byte> Frame(MessageBuffer message);

    /// <summary>What makes of log entries what goes to one client; null: they go as they lie in their log.</summary>
    public virtual IPushGatherer? CreateGatherer() => null;
}

/// <summary>A message is a WebSocket frame, text in JSON and binary in MessagePack (RFC 6455 section 5.6), as log entries are.</summary>
internal sealed class WebSocketFraming : MessageFraming
{
    private static readonly WebSocketFraming Json = new(WireFormat.Json);
    private static readonly WebSocketFraming MessagePack = new(WireFormat.MessagePack);

    private WebSocketFraming(WireFormat format)
        : base(format)
    {
    }

    public static WebSocketFraming Of(WireFormat format) => format == WireFormat.Json ? Json : MessagePack;

    public override ReadOnlySpan<byte> Frame(MessageBuffer message)
    {
        Span<byte> header = stackalloc byte[FrameWriter.MaxServerHeader];
        return message.Behind(header[..FrameWriter.WriteServerHeader(header, Format.Opcode(), message.Length)]);
    }
}
