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
    /// <param name="hasWindow">They are gathered for a time (<see cref="BatchWindow"/>), to be made into few messages.</param>
    public abstract IPushGatherer? CreateGatherer(bool hasWindow);
}
