using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Broker.Protocol.Frames;

/// <summary>Masks and unmasks payloads (RFC 6455 section 5.3).</summary>
public static class Masking
{
    /// <summary>XORs <paramref name="data"/> in place with the repeated key; doing it twice undoes it.</summary>
    /// <param name="data">A part of the payload.</param>
    /// <param name="mask">The four key bytes in memory order.</param>
    /// <param name="offset">Index of the part's first byte within the payload (only its last two bits matter).</param>
    public static void Apply(Span<byte> data, uint mask, int offset)
    {
        // From here on the key starts at the first byte of data.
        var turn = (offset & 3) * 8;
        mask = BitConverter.IsLittleEndian ? BitOperations.RotateRight(mask, turn) : BitOperations.RotateLeft(mask, turn);
        ref var start = ref MemoryMarshal.GetReference(data);
        nuint i = 0;
        var length = (nuint)data.Length;
        if (Vector256.IsHardwareAccelerated)
        {
            var key = Vector256.Create(mask).AsByte();
            for (; i + 32 <= length; i += 32)
            {
                (Vector256.LoadUnsafe(ref start, i) ^ key).StoreUnsafe(ref start, i);
            }
        }

        if (Vector128.IsHardwareAccelerated)
        {
            var key = Vector128.Create(mask).AsByte();
            for (; i + 16 <= length; i += 16)
            {
                (Vector128.LoadUnsafe(ref start, i) ^ key).StoreUnsafe(ref start, i);
            }
        }

        for (; i + 4 <= length; i += 4)
        {
            ref var word = ref Unsafe.Add(ref start, i);
            Unsafe.WriteUnaligned(ref word, Unsafe.ReadUnaligned<uint>(ref word) ^ mask);
        }

        // All steps above are multiples of four, so the key stands at its first byte again.
        for (var turned = 0; i < length; i++, turned += 8)
        {
            Unsafe.Add(ref start, i) ^= (byte)(BitConverter.IsLittleEndian ? mask >> turned : mask >> (24 - turned));
        }
    }
}
