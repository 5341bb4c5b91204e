using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Fuzz.Engine;

/// <summary>
/// Where instrumented code counts its edges, and which counts were ever seen. Edges are a hash of two places in the
/// code, counts are taken in eight ranges (1, 2, 3, 4-7, 8-15, 16-31, 32-127, more). One per process, one thread.
/// </summary>
internal sealed unsafe class CoverageMap : IDisposable
{
    private const int Size = 1 << 16;

    // By name: SharpFuzz takes an assembly that refers to this type for one it has instrumented, and this one it must.
    private const string Trace = "SharpFuzz.Common.Trace, SharpFuzz.Common";

    private readonly byte* _hits = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    public CoverageMap() => SharedMem(null) = _hits;

    /// <summary>Edges seen at all.</summary>
    public int Edges { get; private set; }

    private Span<byte> Hits => new(_hits, Size);

    /// <summary>Forgets what ran since the last <see cref="Absorb"/>.</summary>
    public void Clear()
    {
        Hits.Clear();
        PrevLocation(null) = 0;
    }

    /// <summary>Takes and clears the last run's counts; true if an edge or a range of its count is new.</summary>
    public bool Absorb()
    {
        PrevLocation(null) = 0;
        var news = false;
        foreach (var (edge, range) in LastRun())
        {
            // Here and not for all of the map, which is 64 KiB: that would cost as much as many a run.
            _hits[edge] = 0;
            if ((_seen[edge] & range) == 0)
            {
                Edges += _seen[edge] == 0 ? 1 : 0;
                _seen[edge] |= range;
                news = true;
            }
        }

        return news;
    }

    /// <summary>The edges of the last run, each with one bit for the range of its count.</summary>
    public Enumerator LastRun() => new(Hits);

    public void Dispose()
    {
        SharedMem(null) = null;
        NativeMemory.Free(_hits);
    }

    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = nameof(SharedMem))]
    private static extern ref byte* SharedMem([UnsafeAccessorType(Trace)] object? none);

    [UnsafeAccessor(UnsafeAccessorKind.StaticField, Name = nameof(PrevLocation))]
    private static extern ref int PrevLocation([UnsafeAccessorType(Trace)] object? none);

    /// <summary>Skips the empty part of the map, which is most of it, in large steps.</summary>
    public ref struct Enumerator(ReadOnlySpan<byte> hits)
    {
        private readonly ReadOnlySpan<byte> _hits = hits;
        private int _at = -1;

        public readonly (int Edge, byte Range) Current => (_at, RangeOf(_hits[_at]));

        public readonly Enumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            var next = _hits[(_at + 1)..].IndexOfAnyExcept((byte)0);
            _at += next + 1;
            return next >= 0;
        }

        private static byte RangeOf(byte count) => count switch
        {
            1 => 1,
            2 => 2,
            3 => 4,
            < 8 => 8,
            < 16 => 16,
            < 32 => 32,
            < 128 => 64,
            _ => 128,
        };
    }
}
