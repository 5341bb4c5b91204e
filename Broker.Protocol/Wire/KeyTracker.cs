using System.Buffers;

namespace Broker.Protocol.Wire;

/// <summary>
/// The keys of the maps that are open while a frame is read, to find one that repeats. A stack of keys over all
/// levels; a map with few keys is searched, one with more has its keys in a hash table that all levels share, so
/// that the work is linear in the keys whatever they are. A key is a range of the frame or, if it had escapes, of a
/// scratch buffer. Reused from frame to frame; not thread-safe.
/// </summary>
internal sealed class KeyTracker
{
    private const int Searched = 16;

    // Room for ordinary frames, kept for the life of the thread; what a larger one needs is rented until its end.
    private const int OwnKeys = 512;
    private const int OwnScratch = 4096;

    private readonly Level[] _levels = new Level[WireLimits.Depth + 1];
    private readonly Key[] _ownKeys = new Key[OwnKeys];
    private readonly int[] _ownTable = new int[OwnKeys * 2];
    private readonly byte[] _ownScratch = new byte[OwnScratch];
    private Key[] _keys;
    private byte[] _scratch;
    private int[] _table; // index into _keys + 1, 0 for a free slot; open addressing, at most half full
    private int _mask; // the table's first 2^n slots are in use
    private int _depth;
    private int _count;
    private int _hashed;
    private int _scratchUsed;

    public KeyTracker()
    {
        _keys = _ownKeys;
        _table = _ownTable;
        _scratch = _ownScratch;
        _mask = _ownTable.Length - 1;
    }

    /// <summary>Forgets what an unfinished frame left.</summary>
    public void Reset()
    {
        if (_hashed > 0)
        {
            Array.Clear(_table, 0, _mask + 1);
        }

        Exchange(ref _keys, _ownKeys, _ownKeys);
        Exchange(ref _table, _ownTable, _ownTable);
        Exchange(ref _scratch, _ownScratch, _ownScratch);
        _mask = _ownTable.Length - 1;
        _depth = _count = _hashed = _scratchUsed = 0;
    }

    /// <summary>A map begins.</summary>
    public void Open() => _levels[_depth++] = new Level(_count, _scratchUsed);

    /// <summary>The map that began last ends.</summary>
    public void Close()
    {
        var level = _levels[--_depth];
        if (_count - level.Start > Searched)
        {
            // The keys leave in the reverse of the order they came in, so freeing slots restores the table exactly.
            for (var i = level.Start; i < _count; i++)
            {
                _table[_keys[i].Slot] = 0;
            }

            _hashed -= _count - level.Start;
        }

        _count = level.Start;
        _scratchUsed = level.Scratch;
    }

    /// <summary>Space for an unescaped key, which <see cref="AddScratch"/> then takes; valid until then.</summary>
    public Span<byte> Scratch(int length)
    {
        if (_scratch.Length - _scratchUsed < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_scratch.Length * 2, _scratchUsed + length));
            _scratch.AsSpan(0, _scratchUsed).CopyTo(larger);
            Exchange(ref _scratch, larger, _ownScratch);
        }

        return _scratch.AsSpan(_scratchUsed, length);
    }

    /// <summary>Adds the key in the scratch space to the open map.</summary>
    /// <returns>False if the map has it already.</returns>
    public bool AddScratch(ReadOnlySpan<byte> frame, int length)
    {
        var key = new Key { Start = ~_scratchUsed, Length = length };
        _scratchUsed += length;
        return Add(frame, key);
    }

    /// <summary>Adds a key without escapes, a range of <paramref name="frame"/>, to the open map.</summary>
    /// <returns>False if the map has it already.</returns>
    public bool Add(ReadOnlySpan<byte> frame, int start, int length) =>
        Add(frame, new Key { Start = start, Length = length });

    private bool Add(ReadOnlySpan<byte> frame, Key key)
    {
        var name = Name(frame, key);
        var first = _levels[_depth - 1].Start;
        if (_count - first < Searched)
        {
            for (var i = first; i < _count; i++)
            {
                if (_keys[i].Length == name.Length && Name(frame, _keys[i]).SequenceEqual(name))
                {
                    return false;
                }
            }

            Push(key);
            return true;
        }

        if (_count - first == Searched)
        {
            for (var i = first; i < _count; i++)
            {
                // They are known to differ from each other.
                _keys[i].Hash = Hash(Name(frame, _keys[i]), first);
                Reserve(i);
                Place(i, FreeSlot(_keys[i].Hash));
            }
        }

        key.Hash = Hash(name, first);
        Reserve(_count);
        var slot = FreeSlot(frame, key.Hash, name, first);
        if (slot < 0)
        {
            return false;
        }

        Push(key);
        Place(_count - 1, slot);
        return true;
    }

    // The level is mixed in: the same keys in nested maps must not pile up in the shared table.
    private static uint Hash(ReadOnlySpan<byte> name, int first) =>
        (uint)((KeyedHash.Compute(name) ^ ((ulong)(uint)first * 0x9E3779B97F4A7C15UL)) * 0xD6E8FEB86659FD93UL >> 32);

    /// <summary>Where the key goes in the table, -1 if its map has it already.</summary>
    private int FreeSlot(ReadOnlySpan<byte> frame, uint hash, ReadOnlySpan<byte> name, int first)
    {
        var slot = (int)hash & _mask;
        for (; _table[slot] != 0; slot = (slot + 1) & _mask)
        {
            var index = _table[slot] - 1;
            if (index >= first && _keys[index].Hash == hash && Name(frame, _keys[index]).SequenceEqual(name))
            {
                return -1;
            }
        }

        return slot;
    }

    private int FreeSlot(uint hash)
    {
        var slot = (int)hash & _mask;
        while (_table[slot] != 0)
        {
            slot = (slot + 1) & _mask;
        }

        return slot;
    }

    private void Place(int index, int slot)
    {
        _table[slot] = index + 1;
        _keys[index].Slot = slot;
        _hashed++;
    }

    private void Push(Key key)
    {
        if (_count == _keys.Length)
        {
            var larger = ArrayPool<Key>.Shared.Rent(_keys.Length * 4);
            _keys.AsSpan(0, _count).CopyTo(larger);
            Exchange(ref _keys, larger, _ownKeys);
        }

        _keys[_count++] = key;
    }

    /// <summary>Makes room in the table for one more; if it has to grow, the hashed keys before <paramref name="end"/> move in their order.</summary>
    private void Reserve(int end)
    {
        if ((_hashed + 1) * 2 <= _mask + 1)
        {
            return;
        }

        var length = (_mask + 1) * 4;

        // The own table is used again, by the next frame.
        Array.Clear(_ownTable, 0, _ownTable.Length);
        Exchange(ref _table, ArrayPool<int>.Shared.Rent(length), _ownTable);
        Array.Clear(_table, 0, length);
        _mask = length - 1;
        _hashed = 0;
        for (var level = 0; level < _depth; level++)
        {
            var start = _levels[level].Start;
            var next = level + 1 < _depth ? _levels[level + 1].Start : _count;
            var hashed = next - start > Searched || (level + 1 == _depth && next - start == Searched);
            for (var i = start; hashed && i < Math.Min(next, end); i++)
            {
                Place(i, FreeSlot(_keys[i].Hash));
            }
        }
    }

    /// <summary>Puts another array in the place of one, which goes back to the pool unless it is the own.</summary>
    private static void Exchange<T>(ref T[] array, T[] other, T[] own)
    {
        var old = array;
        array = other;
        if (!ReferenceEquals(old, own))
        {
            ArrayPool<T>.Shared.Return(old);
        }
    }

    private ReadOnlySpan<byte> Name(ReadOnlySpan<byte> frame, in Key key) =>
        key.Start >= 0 ? frame.Slice(key.Start, key.Length) : _scratch.AsSpan(~key.Start, key.Length);

    private readonly record struct Level(int Start, int Scratch);

    private struct Key
    {
        public int Start; // in the frame, or the complement of the start in the scratch buffer
        public int Length;
        public uint Hash;
        public int Slot;
    }
}
