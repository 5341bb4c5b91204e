using System.Buffers;
using Broker.Protocol.Wire;
using CsCheck;
using MessagePack;

namespace Broker.Tests.Wire;

/// <summary>The codec against the MessagePack package, on frames that are nearly right.</summary>
public sealed class MessagePackPropertySpecs
{
    private static readonly byte[][] Seeds =
    [
        MessagePackSamples.Encode("""{"type":"publish","id":12,"topic":"chat.1","data":{"text":"hé","n":[1,-2.5e3,true,null,300,70000,5000000000]},"echo":false}"""),
        MessagePackSamples.Encode("""[{"type":"subscribe","topic":"a","recover":{"epoch":"e","offset":3},"last":10},{"type":"ping","id":"x"}]"""),
        [0x83, .. MessagePackSamples.Encode("""{"type":"call","method":"m"}""").AsSpan()[1..], 0xa4, .. "data"u8, 0x92, 0xc4, 0x02, 1, 2, 0xca, 0, 0, 0, 0],
        MessagePackSamples.Encode("{\"type\":\"call\",\"method\":\"m\",\"data\":{" + string.Join(',', Enumerable.Range(0, 24).Select(i => $"\"k{i}\":{i}")) + "}}"),
    ];

    private static readonly byte[][] Splices =
    [
        [0xc0], [0xc1], [0x80], [0x90], [0x81], [0x91], [0xa0], [0xa1, 0x80], [0xdf, 0x80, 0, 0, 0], [0xdc, 0xff], [0xd4, 1, 1], [0xcb], [0xc4, 1, 1],
        [0xa1, (byte)'a', 1], [0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], [0xd9, 1, (byte)'b'], [0xcf], [0x91, 0x91, 0x91, 0x91, 0x91], [0x81, 0xa1, (byte)'a'],
    ];

    private static readonly Gen<byte[]> Mutated =
        from seed in Gen.OneOf(Seeds)
        from edits in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 1000], Gen.Int[0, 8], Gen.OneOf(Splices), Gen.Byte).Array[0, 4]
        select edits.Aggregate(seed, Edit);

    [Fact]
    public void Frame_is_taken_exactly_if_a_strict_reader_takes_it() => Mutated.Sample(Agrees, iter: 20_000);

    [Fact]
    public void Random_bytes_never_throw_and_leave_nothing_behind() => Gen.Byte.Array[0, 64].Sample(Agrees, iter: 20_000);

    [Fact]
    public void Every_prefix_of_a_valid_frame_is_refused() =>
        Assert.All(Seeds, seed =>
        {
            for (var length = 0; length < seed.Length; length++)
            {
                Assert.Equal(ErrorCode.InvalidMessage, MessagePackWireCodec.Instance.Decode(seed.AsMemory(0, length), new ClientMessageList()));
            }
        });

    private static bool Agrees(byte[] frame)
    {
        var list = new ClientMessageList();
        var error = MessagePackWireCodec.Instance.Decode(frame, list);
        Assert.True(error is ErrorCode.None or ErrorCode.InvalidMessage);
        Assert.Equal(error == ErrorCode.None, list.Count > 0);
        return (error == ErrorCode.None) == IsMessage(frame);
    }

    private static bool IsMessage(byte[] frame)
    {
        try
        {
            var reader = new MessagePackReader(frame);
            var isMessage = !reader.End && (reader.NextMessagePackType == MessagePackType.Map
                || (reader.NextMessagePackType == MessagePackType.Array && new MessagePackReader(frame).ReadArrayHeader() is > 0 and <= WireLimits.Batch));
            return isMessage && IsStrict(ref reader, 0) && reader.End;
        }
        catch (Exception e) when (e is MessagePackSerializationException or EndOfStreamException or ArgumentOutOfRangeException)
        {
            // The last is what the package's reader says to a length without its bytes.
            return false;
        }
    }

    private static bool IsStrict(ref MessagePackReader reader, int depth)
    {
        switch (reader.NextMessagePackType)
        {
            case MessagePackType.Map when depth < WireLimits.Depth:
                var keys = new HashSet<string>(StringComparer.Ordinal);
                for (var left = reader.ReadMapHeader(); left > 0; left--)
                {
                    if (reader.NextMessagePackType != MessagePackType.String || !TryRead(ref reader, out var key) || !keys.Add(key) || !IsStrict(ref reader, depth + 1))
                    {
                        return false;
                    }
                }

                return true;
            case MessagePackType.Array when depth < WireLimits.Depth:
                for (var left = reader.ReadArrayHeader(); left > 0; left--)
                {
                    if (!IsStrict(ref reader, depth + 1))
                    {
                        return false;
                    }
                }

                return true;
            case MessagePackType.Map or MessagePackType.Array or MessagePackType.Extension or MessagePackType.Unknown:
                return false;
            case MessagePackType.Float:
                return double.IsFinite(reader.ReadDouble());
            case MessagePackType.String:
                return TryRead(ref reader, out _);
            default:
                reader.Skip();
                return true;
        }
    }

    private static bool TryRead(ref MessagePackReader reader, out string text)
    {
        var bytes = reader.ReadStringSequence()!.Value.ToArray();
        text = System.Text.Encoding.UTF8.GetString(bytes);
        return System.Text.Unicode.Utf8.IsValid(bytes);
    }

    private static byte[] Edit(byte[] frame, (int Kind, int At, int Length, byte[] Splice, byte Byte) edit)
    {
        var at = frame.Length == 0 ? 0 : edit.At % frame.Length;
        var end = Math.Min(frame.Length, at + edit.Length);
        return edit.Kind switch
        {
            0 => [.. frame[..at], .. edit.Splice, .. frame[at..]], // insert
            1 => [.. frame[..at], .. frame[end..]], // cut
            2 => [.. frame[..end], .. frame[at..]], // repeat
            _ => [.. frame[..at], edit.Byte, .. frame[Math.Min(frame.Length, at + 1)..]], // overwrite
        };
    }
}
