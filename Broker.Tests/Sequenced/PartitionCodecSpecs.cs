using System.Buffers;
using Broker.Node.Sequenced;
using Broker.Protocol.Wire;

namespace Broker.Tests.Sequenced;

public sealed class PartitionCodecSpecs
{
    private static readonly Generation Number = new(7, new LaneId(4_000_000_000, 3));
    private static readonly CopySet Set = new(Number, 2, new LaneId(1, 1), new LaneId(2, 9));
    private static readonly TopicPosition Position = new(0xfedcba9876543210, 12, 345);
    private static readonly Forward Whole = new(new LaneId(1, 2), 99, "chat.a"u8.ToArray())
    {
        Kind = ForwardKind.Remove,
        Payload = "{}"u8.ToArray(),
        Format = WireFormat.MessagePack,
        Time = -5,
        Connection = 77,
        Subject = "entry"u8.ToArray(),
        Key = "user\0key"u8.ToArray(),
        Digest = -1,
        If = Position,
        IsQuiet = true,
    };

    private static readonly PartitionEntry Entry = new(10, Number, 4, Whole) { Birth = 2, Outcome = PublishOutcome.Repeated, IsStub = true };

    private static readonly TopicAnswer Answer = new(5, Position)
    {
        Error = TopicAnswerError.Stale,
        Recovered = false,
        IsSnapshot = true,
        Entries = [Entry, Entry],
        More = true,
        Members = new TopicMembers(3, 2, [new TopicMember("u"u8.ToArray(), "1"u8.ToArray(), WireFormat.Json)], 8),
    };

    private static readonly PartitionMessage[] Messages =
    [
        new TakeOver(Number),
        new Head(Number, Set, true, 1, 0, [new LogSection(Number, 5)], 4),
        new Head(Number, null, false, 0, 3, [], 0),
        new Refused(Number, new Generation(8, new LaneId(2, 1))),
        new Pull(Number, 300),
        new Pulled(Number, 3, [Entry], 12, 2),
        new Stated(Number, ulong.MaxValue, 5, 4, -1, true, Set) { Registration = 2, Taken = 3 },
        new Appended(Number, Entry, 9),
        new Committed(Number, long.MaxValue),
        new Copied(Number, 0),
        new SetTold(Number, Set with { Copy = null }, 3),
        new SetConfirmed(Number, 4),
        new Register(Number, 5, true, 6, true),
        new Forwarded(Number, new Forward(new LaneId(1, 1), 4, null)),
        new Answered(Number, 5, PublishOutcome.Limited, Position, 2),
        new Asked(Number, 6, new TopicQuery(TopicQueryKind.History, "t"u8.ToArray()) { Since = Position, Through = 3, Limit = 4, Reverse = true, Member = "m"u8.ToArray(), Members = 5, MembersAfter = 6 }),
        new Told(Number, 7, Answer),
        new Told(Number, 7, new TopicAnswer(0, default) { Recovered = true }),
        new MemberTold(Number, "t"u8.ToArray(), new TopicMember("u"u8.ToArray(), default, WireFormat.MessagePack), 2),
        new MembersTold(Number, 8, [new MemberTold(Number, "t"u8.ToArray(), new TopicMember("u"u8.ToArray(), "1"u8.ToArray(), WireFormat.Json), 2)]),
        new MembersTaken(Number, 9),
        new Released(Number),
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Messages.Length)];

    [Fact]
    public void Every_message_is_among_the_samples() => Assert.Equal(
        typeof(PartitionMessage).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(PartitionMessage))).Select(static type => type.Name).Order(StringComparer.Ordinal),
        Messages.Select(static message => message.GetType().Name).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_written_is_read_again(int sample)
    {
        var bytes = Write(Messages[sample]);
        var read = PartitionCodec.Read(bytes, out var partition);

        Assert.Equal(255, partition);
        Assert.Equivalent(Messages[sample], read, strict: true);
        Assert.Equal(bytes, Write(read!));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_cut_off_or_goes_on_is_not_read(int sample)
    {
        var bytes = Write(Messages[sample]);
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Null(PartitionCodec.Read(bytes.AsSpan(0, length), out _));
        }

        Assert.Null(PartitionCodec.Read([.. bytes, 0], out _));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_changed_byte_is_read_as_something_or_as_nothing(int sample)
    {
        var bytes = Write(Messages[sample]);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (byte value in new byte[] { 0, 0x7f, 0x80, 0xff })
            {
                var changed = bytes.ToArray();
                changed[i] = value;
                if (PartitionCodec.Read(changed, out var partition) is { } read)
                {
                    // What it was read as can be written.
                    Write(read, partition);
                }
            }
        }
    }

    private static byte[] Write(PartitionMessage message, int partition = 255)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new PartitionWriter(output);
        PartitionCodec.Write(ref writer, partition, message);
        return output.WrittenSpan.ToArray();
    }
}
