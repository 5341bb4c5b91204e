using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Broker.Protocol.Wire;

namespace Broker.Node.Sequenced;

/// <summary>The epoch of a topic, as clients get it and give it back: that of its partition and the topic's birth, both hexadecimal.</summary>
internal static class TopicEpoch
{
    public static WirePosition ToWire(this TopicPosition position) =>
        new(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{position.Epoch:x16}-{position.Birth:x}")), position.Offset);

    /// <summary>What no topic has is a place in a life that never was.</summary>
    public static TopicPosition FromWire(WirePosition position)
    {
        var text = position.Epoch.Span;
        return text.Length > 17 && text[16] == '-'
            && Utf8Parser.TryParse(text[..16], out ulong epoch, out var read, 'x') && read == 16
            && Utf8Parser.TryParse(text[17..], out long birth, out read, 'x') && read == text.Length - 17
            ? new TopicPosition(epoch, birth, position.Offset)
            : new TopicPosition(0, 0, position.Offset);
    }
}
