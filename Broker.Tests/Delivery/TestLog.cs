using System.Buffers;
using System.Text;
using Broker.Node.Delivery;
using Broker.Node.Membership;
using Broker.Protocol.Wire;
using Broker.Tests.Wire;

namespace Broker.Tests.Delivery;

/// <summary>Appends what specs have at hand.</summary>
internal static class TestLog
{
    /// <param name="log">Whose form has the format.</param>
    /// <param name="json">The message.</param>
    /// <param name="origin">Whom it must not reach.</param>
    public static void Append(this TopicLog log, string json, long origin = 0) =>
        log.Append(new LogEntry(Encode(json, log.Form.Format), log.Form.Format) { Origin = origin });

    /// <summary>Bytes in a binary frame, whatever the log's form.</summary>
    public static void Append(this TopicLog log, ReadOnlySpan<byte> payload, long origin = 0, bool isGap = false) =>
        log.Append(new LogEntry(payload, WireFormat.MessagePack) { Origin = origin, IsGap = isGap });

    public static byte[] Encode(string json, WireFormat format) => format == WireFormat.Json ? Encoding.UTF8.GetBytes(json) : MessagePackSamples.Encode(json);

    /// <summary>Bytes of a spec instead of a message, as they are.</summary>
    public static void Send(this ConnectionWriter writer, ReadOnlySpan<byte> bytes, DrainBatch batch)
    {
        writer.Queue(Raw(writer, bytes));
        batch.Add(writer);
    }

    /// <summary>As <see cref="Send"/>, for what acknowledges something.</summary>
    public static void Promise(this ConnectionWriter writer, ReadOnlySpan<byte> bytes, DrainBatch batch, Fence fence)
    {
        writer.Promise(Raw(writer, bytes), fence);
        batch.Add(writer);
    }

    private static MessageBuffer Raw(ConnectionWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.Framing = RawFraming.Instance;
        var message = MessageBuffer.OfThread;
        message.Write(bytes);
        return message;
    }

    private sealed class RawFraming() : MessageFraming(WireFormat.Json)
    {
        public static readonly RawFraming Instance = new();

        public override IPushGatherer? CreateGatherer(bool hasWindow) => hasWindow ? new PushGatherer(Format) : null;

        public override ReadOnlySpan<byte> Frame(MessageBuffer message) => message.Written;
    }
}
