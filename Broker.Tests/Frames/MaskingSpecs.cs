using System.Runtime.InteropServices;
using Broker.Protocol.Frames;
using CsCheck;

namespace Broker.Tests.Frames;

public sealed class MaskingSpecs
{
    private static void Naive(Span<byte> data, ReadOnlySpan<byte> key, int offset)
    {
        for (var i = 0; i < data.Length; i++)
        {
            data[i] ^= key[(i + offset) & 3];
        }
    }

    private static uint Key(byte[] key) => MemoryMarshal.Read<uint>(key);

    [Fact]
    public void Sample_of_RFC_6455_section_5_7_unmasks()
    {
        byte[] key = [0x37, 0xFA, 0x21, 0x3D];
        byte[] data = [0x7F, 0x9F, 0x4D, 0x51, 0x58];
        Masking.Apply(data, Key(key), 0);
        Assert.Equal("Hello"u8, data);
    }

    [Fact]
    public void Every_length_alignment_and_offset_equals_the_naive_loop()
    {
        byte[] key = [0x01, 0x82, 0x43, 0xC4];
        var random = new Random(1);
        var source = new byte[200];
        random.NextBytes(source);
        for (var length = 0; length <= 130; length++)
        {
            for (var alignment = 0; alignment < 33; alignment++)
            {
                for (var offset = 0; offset < 5; offset++)
                {
                    var expected = source.ToArray();
                    var actual = source.ToArray();
                    Naive(expected.AsSpan(alignment, length), key, offset);
                    Masking.Apply(actual.AsSpan(alignment, length), Key(key), offset);
                    Assert.True(expected.AsSpan().SequenceEqual(actual), $"length {length}, alignment {alignment}, offset {offset}");
                }
            }
        }
    }

    [Fact]
    public void Parts_masked_with_their_offsets_equal_the_whole() =>
        Gen.Select(Gen.Byte.Array[0, 5000], Gen.Byte.Array[4], Gen.Int[1, 200]).Sample((data, key, part) =>
        {
            var expected = data.ToArray();
            Naive(expected, key, 0);
            for (var at = 0; at < data.Length; at += part)
            {
                Masking.Apply(data.AsSpan(at, Math.Min(part, data.Length - at)), Key(key), at);
            }

            return data.AsSpan().SequenceEqual(expected);
        });
}
