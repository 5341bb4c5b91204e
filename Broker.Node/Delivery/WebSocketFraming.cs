using Broker.Protocol.Frames;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

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

    /// <summary>Log entries are frames already: only what becomes an array is made anew.</summary>
    public override IPushGatherer? CreateGatherer(bool hasWindow) => hasWindow ? new PushGatherer(Format) : null;

    public override ReadOnlySpan<byte> Frame(MessageBuffer message)
    {
        Span<byte> header = stackalloc byte[FrameWriter.MaxServerHeader];
        return message.Behind(header[..FrameWriter.WriteServerHeader(header, Format.Opcode(), message.Length)]);
    }
}
