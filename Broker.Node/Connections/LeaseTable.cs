using System.Diagnostics.CodeAnalysis;

namespace Broker.Node.Connections;

/// <summary>
/// Counts holders per key up to a limit, and keeps what the holders of a key share: made for the first, gone with the last.
/// Thread-safe; a key without holders takes no memory.
/// </summary>
/// <param name="limit">Most holders of a key.</param>
/// <param name="create">Makes what is shared; called under the table's lock.</param>
internal class LeaseTable<TKey, TShared>(int limit, Func<TShared> create)
    where TKey : notnull
{
    private readonly Dictionary<TKey, (int Holders, TShared Shared)> _entries = [];
    private readonly Lock _gate = new();

    /// <summary>Keys with holders.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <remarks><paramref name="lease"/>: To be disposed once by its holder; a second time does nothing.</remarks>
    public bool TryAdd(TKey key, [MaybeNullWhen(false)] out TShared shared, [NotNullWhen(true)] out IDisposable? lease)
    {
        lock (_gate)
        {
            var (holders, known) = _entries.GetValueOrDefault(key);
            if (holders >= limit)
            {
                (shared, lease) = (default, null);
                return false;
            }

            shared = holders == 0 ? create() : known;
            _entries[key] = (holders + 1, shared);
        }

        lease = new Lease(this, key);
        return true;
    }

    /// <summary>What the holders of a key share, where there are any.</summary>
    public bool TryFind(TKey key, [MaybeNullWhen(false)] out TShared shared)
    {
        lock (_gate)
        {
            var isHeld = _entries.TryGetValue(key, out var entry);
            shared = entry.Shared;
            return isHeld;
        }
    }

    private void Release(TKey key)
    {
        lock (_gate)
        {
            var (holders, shared) = _entries[key];
            if (holders > 1)
            {
                _entries[key] = (holders - 1, shared);
            }
            else
            {
                _entries.Remove(key);
            }
        }
    }

    private sealed class Lease(LeaseTable<TKey, TShared> table, TKey key) : IDisposable
    {
        private LeaseTable<TKey, TShared>? _table = table;

        public void Dispose() => Interlocked.Exchange(ref _table, null)?.Release(key);
    }
}

/// <summary>A table of holders who share nothing but their number.</summary>
/// <param name="limit">Most holders of a key.</param>
internal sealed class LeaseTable<TKey>(int limit) : LeaseTable<TKey, ValueTuple>(limit, static () => default)
    where TKey : notnull
{
    /// <inheritdoc cref="LeaseTable{TKey, TShared}.TryAdd"/>
    public bool TryAdd(TKey key, [NotNullWhen(true)] out IDisposable? lease) => TryAdd(key, out _, out lease);
}
