using System.Buffers.Binary;
using Broker.Protocol.Wire;

namespace Broker.Node.Sequenced;

/// <summary>
/// Reads the parts of a <see cref="PartitionMessage"/>; see <see cref="PartitionCodec"/>. What is not of its form makes it fail, and everything
/// that it says from then on is empty: looked at once, at the end.
/// </summary>
internal ref struct PartitionReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool HasFailed { get; private set; }

    /// <summary>Everything was of its form, and nothing is left.</summary>
    public readonly bool IsWhole => !HasFailed && _rest.IsEmpty;

    /// <param name="highest">That it may be.</param>
    public byte Byte(byte highest = byte.MaxValue)
    {
        var value = Take(1) is [var one] ? one : (byte)0;
        HasFailed |= value > highest;
        return HasFailed ? (byte)0 : value;
    }

    public bool Flag() => Byte(1) == 1;

    public long Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 63; shift += 7)
        {
            var part = Byte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return HasFailed ? 0 : (long)value;
            }
        }

        HasFailed = true;
        return 0;
    }

    /// <summary>A number of things.</summary>
    public int Count()
    {
        var value = Number();
        HasFailed |= value > int.MaxValue;
        return HasFailed ? 0 : (int)value;
    }

    public ulong Epoch() => Take(8) is { IsEmpty: false } value ? BinaryPrimitives.ReadUInt64LittleEndian(value) : 0;

    public long Signed() => (long)Epoch();

    public byte[] Bytes() => Take(Count()).ToArray();

    public LaneId Lane()
    {
        var (node, incarnation) = (Number(), Number());
        HasFailed |= node > uint.MaxValue || incarnation > uint.MaxValue;
        return HasFailed ? default : new LaneId((uint)node, (uint)incarnation);
    }

    public Generation Generation() => new(Number(), Lane());

    public CopySet Set() => new(Generation(), Count(), Lane(), Flag() ? Lane() : null);

    public CopySet? OptionalSet() => Flag() ? Set() : null;

    public TopicPosition Position() => new(Epoch(), Number(), Number());

    private TopicPosition? OptionalPosition() => Flag() ? Position() : null;

    public Forward Forward()
    {
        var (origin, number, hasTopic) = (Lane(), Number(), Flag());
        if (!hasTopic)
        {
            return new Forward(origin, number, null);
        }

        var topic = Bytes();
        var kind = (ForwardKind)Byte((byte)ForwardKind.Order);
        var (payload, format, time, connection, subject) = (Bytes(), Format(), Signed(), Signed(), Bytes());
        var (key, digest) = Flag() ? (Bytes(), Signed()) : (null, 0);
        return new Forward(origin, number, topic)
        {
            Kind = kind,
            Payload = payload,
            Format = format,
            Time = time,
            Connection = connection,
            Subject = subject,
            Key = key,
            Digest = digest,
            If = OptionalPosition(),
            IsQuiet = Flag(),
        };
    }

    public PartitionEntry Entry()
    {
        var (sequence, generation, offset, forward) = (Number(), Generation(), Number(), Forward());
        return new PartitionEntry(sequence, generation, offset, forward)
        {
            Birth = Number(),
            Outcome = (PublishOutcome)Byte((byte)PublishOutcome.Limited),
            IsStub = Flag(),
        };
    }

    public List<PartitionEntry> Entries()
    {
        var entries = new List<PartitionEntry>();
        for (var left = Count(); left > 0 && !HasFailed; left--)
        {
            entries.Add(Entry());
        }

        return entries;
    }

    public TopicQuery Query() => new((TopicQueryKind)Byte((byte)TopicQueryKind.Presence), Bytes())
    {
        Since = OptionalPosition(),
        Through = Number(),
        Limit = Count(),
        Reverse = Flag(),
        Member = Bytes(),
        Members = Count(),
        MembersAfter = Number(),
    };

    public TopicAnswer Answer()
    {
        var (sequence, position, error, recovered) = (Number(), Position(), (TopicAnswerError)Byte((byte)TopicAnswerError.Unavailable), Byte(2));
        return new TopicAnswer(sequence, position)
        {
            Error = error,
            Recovered = recovered switch { 0 => null, 1 => false, _ => true },
            IsSnapshot = Flag(),
            Entries = Entries(),
            More = Flag(),
            Members = Flag() ? Members() : null,
        };
    }

    public TopicMember Member() => new(Bytes(), Bytes(), Format());

    private TopicMembers Members()
    {
        var (connections, users, after) = (Number(), Number(), Number());
        var some = new List<TopicMember>();
        for (var left = Count(); left > 0 && !HasFailed; left--)
        {
            some.Add(Member());
        }

        return new TopicMembers(connections, users, some, after);
    }

    private WireFormat Format() => (WireFormat)Byte((byte)WireFormat.MessagePack);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (HasFailed || _rest.Length < count)
        {
            HasFailed = true;
            return default;
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
