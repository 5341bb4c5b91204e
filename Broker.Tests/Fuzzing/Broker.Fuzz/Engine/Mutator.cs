using System.Buffers.Binary;

namespace Broker.Fuzz.Engine;

/// <summary>Makes inputs out of other inputs, a few random changes at a time. Deterministic for its random source. Not thread-safe.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> dictionary, int maxLength)
{
    private const int LargestBlock = 64;

    // Ends of the ranges of signed and unsigned numbers, and lengths at which encodings change.
    private static readonly long[] Interesting =
        [0, 1, -1, 7, 8, 15, 16, 31, 32, 63, 64, 100, 125, 126, 127, 128, 255, 256, 512, 1000, 1024, 4096, 32767, -32768, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue];

    private readonly byte[] _bytes = new byte[maxLength];
    private int _length;

    private Span<byte> Used => _bytes.AsSpan(0, _length);

    /// <summary>Good until the next call.</summary>
    /// <param name="parent">What is changed.</param>
    /// <param name="donor">What parts are taken from.</param>
    public ReadOnlySpan<byte> Mutate(ReadOnlySpan<byte> parent, ReadOnlySpan<byte> donor)
    {
        _length = Math.Min(parent.Length, maxLength);
        parent[.._length].CopyTo(_bytes);
        for (var left = 1 << random.Next(5); left > 0; left--)
        {
            Change(donor);
        }

        return Used;
    }

    private void Change(ReadOnlySpan<byte> donor)
    {
        if (_length == 0)
        {
            Insert(0, Part(donor));
            Insert(0, [(byte)random.Next(256)]);
            return;
        }

        var at = random.Next(_length);
        switch (random.Next(13))
        {
            case 0:
                _bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                _bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                _bytes[at] += (byte)(random.Next(2) == 0 ? random.Next(1, 36) : -random.Next(1, 36));
                break;
            case 3:
                WriteNumber(at, Interesting[random.Next(Interesting.Length)]);
                break;
            case 4:
                AddToNumber(at);
                break;
            case 5:
                Delete(at, BlockLength());
                break;
            case 6:
                Repeat(at);
                break;
            case 7:
                Insert(at, Part(Used).ToArray());
                break;
            case 8:
                Overwrite(at, Part(donor));
                break;
            case 9:
                Insert(at, Part(donor));
                break;
            case 10:
                Splice(at, donor);
                break;
            case 11 when dictionary.Count > 0:
                Overwrite(at, dictionary[random.Next(dictionary.Count)]);
                break;
            default:
                Insert(random.Next(_length + 1), dictionary.Count > 0 ? dictionary[random.Next(dictionary.Count)] : [(byte)random.Next(256)]);
                break;
        }
    }

    private void WriteNumber(int at, long value)
    {
        Span<byte> number = stackalloc byte[8];
        if (random.Next(2) == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
            Overwrite(at, number[..(1 << random.Next(4))]);
        }
        else
        {
            BinaryPrimitives.WriteInt64BigEndian(number, value);
            Overwrite(at, number[^(1 << random.Next(4))..]);
        }
    }

    private void AddToNumber(int at)
    {
        var delta = random.Next(-35, 36);
        if (_length - at < 4 || random.Next(2) == 0)
        {
            if (_length - at >= 2)
            {
                var pair = _bytes.AsSpan(at, 2);
                BinaryPrimitives.WriteInt16BigEndian(pair, (short)(BinaryPrimitives.ReadInt16BigEndian(pair) + delta));
            }

            return;
        }

        var word = _bytes.AsSpan(at, 4);
        BinaryPrimitives.WriteInt32BigEndian(word, BinaryPrimitives.ReadInt32BigEndian(word) + delta);
    }

    private void Delete(int at, int count)
    {
        count = Math.Min(count, _length - at);
        _bytes.AsSpan(at + count, _length - at - count).CopyTo(_bytes.AsSpan(at));
        _length -= count;
    }

    // Long runs of one byte reach limits that nothing else does; seldom, for they make every later run slower.
    private void Repeat(int at)
    {
        var count = random.Next(16) == 0 ? random.Next(maxLength) : BlockLength();
        count = Math.Min(count, maxLength - _length);
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + count));
        _bytes.AsSpan(at, count).Fill(_bytes[at + count]);
        _length += count;
    }

    private void Insert(int at, ReadOnlySpan<byte> block)
    {
        block = block[..Math.Min(block.Length, maxLength - _length)];
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + block.Length));
        block.CopyTo(_bytes.AsSpan(at));
        _length += block.Length;
    }

    private void Overwrite(int at, ReadOnlySpan<byte> block) => block[..Math.Min(block.Length, _length - at)].CopyTo(_bytes.AsSpan(at));

    // The beginning of this and the end of the other.
    private void Splice(int at, ReadOnlySpan<byte> donor)
    {
        _length = at;
        Insert(at, donor[Math.Min(at, donor.Length)..]);
    }

    private ReadOnlySpan<byte> Part(ReadOnlySpan<byte> whole)
    {
        var start = random.Next(whole.Length + 1);
        return whole.Slice(start, Math.Min(BlockLength(), whole.Length - start));
    }

    private int BlockLength() => random.Next(1, random.Next(2, LargestBlock));
}
