using System.Buffers;
using System.Buffers.Binary;

namespace Broker.Node.Sequenced;

/// <summary>Writes the parts of a <see cref="PartitionMessage"/>; see <see cref="PartitionCodec"/>.</summary>
internal readonly ref struct PartitionWriter(IBufferWriter<byte> output)
{
    public void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    /// <param name="value">Not below 0.</param>
    public void Number(long value)
    {
        var rest = (ulong)value;
        var span = output.GetSpan(10);
        var length = 0;
        while (rest >= 0x80)
        {
            span[length++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        span[length++] = (byte)rest;
        output.Advance(length);
    }

    public void Epoch(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    /// <summary>Of any sign.</summary>
    public void Signed(long value) => Epoch((ulong)value);

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        output.Write(value);
    }

    public void Lane(LaneId lane)
    {
        Number(lane.Node);
        Number(lane.Incarnation);
    }

    public void Generation(Generation generation)
    {
        Number(generation.Number);
        Lane(generation.Owner);
    }

    public void Set(CopySet set)
    {
        Generation(set.Generation);
        Number(set.Number);
        Lane(set.Owner);
        Flag(set.Copy is not null);
        if (set.Copy is { } copy)
        {
            Lane(copy);
        }
    }

    public void OptionalSet(CopySet? set)
    {
        Flag(set is not null);
        if (set is not null)
        {
            Set(set);
        }
    }

    public void Position(TopicPosition position)
    {
        Epoch(position.Epoch);
        Number(position.Birth);
        Number(position.Offset);
    }

    private void OptionalPosition(TopicPosition? position)
    {
        Flag(position is not null);
        if (position is { } value)
        {
            Position(value);
        }
    }

    public void Forward(Forward forward)
    {
        Lane(forward.Origin);
        Number(forward.Number);
        Flag(forward.Topic is not null);
        if (forward.Topic is not { } topic)
        {
            return;
        }

        Bytes(topic);
        Byte((byte)forward.Kind);
        Bytes(forward.Payload.Span);
        Byte((byte)forward.Format);
        Signed(forward.Time);
        Signed(forward.Connection);
        Bytes(forward.Subject);
        Flag(forward.Key is not null);
        if (forward.Key is { } key)
        {
            Bytes(key);
            Signed(forward.Digest);
        }

        OptionalPosition(forward.If);
        Flag(forward.IsQuiet);
    }

    public void Entry(PartitionEntry entry)
    {
        Number(entry.Sequence);
        Generation(entry.Generation);
        Number(entry.Offset);
        Forward(entry.Forward);
        Number(entry.Birth);
        Byte((byte)entry.Outcome);
        Flag(entry.IsStub);
    }

    public void Entries(IReadOnlyList<PartitionEntry> entries)
    {
        Number(entries.Count);
        foreach (var entry in entries)
        {
            Entry(entry);
        }
    }

    public void Query(TopicQuery query)
    {
        Byte((byte)query.Kind);
        Bytes(query.Topic);
        OptionalPosition(query.Since);
        Number(query.Through);
        Number(query.Limit);
        Flag(query.Reverse);
        Bytes(query.Member);
        Number(query.Members);
        Number(query.MembersAfter);
    }

    public void Answer(TopicAnswer answer)
    {
        Number(answer.Sequence);
        Position(answer.Position);
        Byte((byte)answer.Error);
        Byte(answer.Recovered switch { null => 0, false => 1, true => 2 });
        Flag(answer.IsSnapshot);
        Entries(answer.Entries);
        Flag(answer.More);
        Flag(answer.Members is not null);
        if (answer.Members is { } members)
        {
            Number(members.Connections);
            Number(members.Users);
            Number(members.After);
            Number(members.Some.Count);
            foreach (var member in members.Some)
            {
                Member(member);
            }
        }
    }

    public void Member(TopicMember member)
    {
        Bytes(member.User);
        Bytes(member.Info.Span);
        Byte((byte)member.Format);
    }
}
