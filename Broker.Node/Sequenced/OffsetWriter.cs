using Broker.Node.Delivery;

namespace Broker.Node.Sequenced;

/// <summary>Puts the offset into a push, once for all nodes: the owner knows it first.</summary>
internal static class OffsetWriter
{
    [ThreadStatic]
    private static MessageBuffer? _buffer;

    public static Forward Write(Forward forward, long offset)
    {
        var buffer = (_buffer ??= new MessageBuffer()).Clear();
        return forward.Format.Codec().TryWriteWithOffset(buffer, forward.Payload.Span, offset)
            ? forward with { Payload = buffer.Written.ToArray() }
            : forward;
    }
}
