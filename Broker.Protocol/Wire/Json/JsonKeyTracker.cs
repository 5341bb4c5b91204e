namespace Broker.Protocol.Wire.Json;

/// <summary>
/// The keys of the maps that are open while a frame is read, to find one that repeats. A stack of keys over all
/// levels; a map with few keys is searched, one with more has its keys in a hash table that all levels share, so
/// that the work is linear in the keys whatever they are. A key is a range of the frame or, if it had escapes, of a
/// scratch buffer. Reused from frame to frame; not thread-safe.
/// </summary>
internal sealed class JsonKeyTracker
{
    private const int Searched = 16;

    // What one huge frame made it grow to is not kept for the life of the thread.
    private const int KeptKeys = 1024;
    private const int KeptScratch = 16 * 1024;

    private readonly Level[] _levels = new Level[WireLimits.Depth + 1];
    private Key[] _keys = new Key[32];
    private byte[] _scratch = [];
    private int[] _table = []; // index into _keys + 1, 0 for a free slot; open addressing, at most half full
    private int _depth;
    private int _count;
    private int _hashed;
    private int _scratchUsed;

    /// <summary>Forgets what an unfinished frame left.</summary>
    public void Reset()
    {
        if (_hashed > 0)
        {
            Array.Clear(_table, 0, _table.Length);
        }

        _depth = _count = _hashed = _scratchUsed = 0;
        if (_keys.Length > KeptKeys)
        {
            _keys = new Key[32];
            _table = [];
        }

        if (_scratch.Length > KeptScratch)
        {
            _scratch = [];
        }
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
            Array.Resize(ref _scratch, Math.Max(256, Math.Max(_scratch.Length * 2, _scratchUsed + length)));
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
                Insert(i);
            }
        }

        key.Hash = Hash(name, first);
        if (Contains(frame, key, name, first))
        {
            return false;
        }

        Push(key);
        Insert(_count - 1);
        return true;
    }

    // The level is mixed in: the same keys in nested maps must not pile up in the shared table.
    private static uint Hash(ReadOnlySpan<byte> name, int first) =>
        (uint)((KeyedHash.Compute(name) ^ ((ulong)(uint)first * 0x9E3779B97F4A7C15UL)) * 0xD6E8FEB86659FD93UL >> 32);

    private bool Contains(ReadOnlySpan<byte> frame, Key key, ReadOnlySpan<byte> name, int first)
    {
        var mask = _table.Length - 1;
        for (var slot = (int)key.Hash & mask; _table[slot] != 0; slot = (slot + 1) & mask)
        {
            var index = _table[slot] - 1;
            if (index >= first && _keys[index].Hash == key.Hash && Name(frame, _keys[index]).SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    private void Push(Key key)
    {
        if (_count == _keys.Length)
        {
            Array.Resize(ref _keys, _keys.Length * 2);
        }

        _keys[_count++] = key;
    }

    private void Insert(int index)
    {
        _hashed++;
        if (_hashed * 2 > _table.Length)
        {
            Grow(index);
        }

        Place(index);
    }

    /// <summary>Twice the table, with the keys before <paramref name="end"/> in the order they came in.</summary>
    private void Grow(int end)
    {
        _table = new int[Math.Max(64, _table.Length * 2)];
        for (var level = 0; level < _depth; level++)
        {
            var start = _levels[level].Start;
            var next = level + 1 < _depth ? _levels[level + 1].Start : _count;
            var hashed = next - start > Searched || (level + 1 == _depth && next - start == Searched);
            for (var i = start; hashed && i < Math.Min(next, end); i++)
            {
                Place(i);
            }
        }
    }

    private void Place(int index)
    {
        var mask = _table.Length - 1;
        var slot = (int)_keys[index].Hash & mask;
        while (_table[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        _table[slot] = index + 1;
        _keys[index].Slot = slot;
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
