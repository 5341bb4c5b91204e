using Broker.Node.Delivery;
using Broker.Node.Sequenced;
using Broker.Node.Topics;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Node.Lanes;

/// <summary>Makes what a client gets of entries that the owner has kept.</summary>
internal static class ReplayPage
{
    /// <summary>A page of what a subscriber has missed.</summary>
    /// <param name="entries">In their order.</param>
    /// <param name="format">The subscriber's.</param>
    /// <param name="gap">Stands before them; null: nothing.</param>
    /// <returns>Null: nothing.</returns>
    public static LogSegment? Of(IReadOnlyList<PartitionEntry> entries, WireFormat format, LogSegment? gap = null)
    {
        if (entries.Count == 0)
        {
            return gap;
        }

        var pushes = Pushes(entries, format);
        var segment = new LogSegment(pushes.Sum(push => LogSegment.LengthOf(new LogEntry(push.Span, format))), 0);
        for (var i = 0; i < pushes.Count; i++)
        {
            segment.Append(new LogEntry(pushes[i].Span, format) { Time = entries[i].Forward.Time });
        }

        gap?.Seal(segment);
        return gap ?? segment;
    }

    /// <summary>The pushes in a format; what cannot be carried over is a <c>gap</c>.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Pushes(IReadOnlyList<PartitionEntry> entries, WireFormat format) =>
        [.. entries.Select(entry => entry.Forward.Format == format ? entry.Forward.Payload : Carry(entry.Forward, format))];

    /// <summary>Who is there, as a client gets it.</summary>
    public static PresenceList ToWire(this TopicMembers members, WireFormat format) =>
        new(members.Connections, members.Users, [.. members.Some.Select(member => new PresenceMember(member.User, member.Format == format ? member.Info : Carry(member, format)))]);

    private static byte[] Carry(Forward forward, WireFormat format)
    {
        var buffer = MessageBuffer.OfThread;
        if (!WireBridge.TryCarryPush(forward.Payload.Span, forward.Format, buffer))
        {
            format.Codec().Write(buffer.Clear(), PatternSubscription.GapOf(TopicName.Shown(forward.Topic!)));
        }

        return buffer.Written.ToArray();
    }

    private static byte[] Carry(TopicMember member, WireFormat format)
    {
        var buffer = MessageBuffer.OfThread;
        return !member.Info.IsEmpty && WireBridge.TryCarry(member.Info.Span, member.Format, buffer) ? buffer.Written.ToArray() : [];
    }
}
