using System.Diagnostics.CodeAnalysis;

namespace Broker.Node.Connections;

/// <summary>Counts holders per key up to a limit. Thread-safe; a key without holders takes no memory.</summary>
internal sealed class LeaseTable<TKey>(int limit)
    where TKey : notnull
{
    private readonly Dictionary<TKey, int> _counts = [];
    private readonly Lock _gate = new();

    /// <summary>Keys with holders.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _counts.Count;
            }
        }
    }

    /// <remarks><paramref name="lease"/>: To be disposed once by its holder; a second time does nothing.</remarks>
    public bool TryAdd(TKey key, [NotNullWhen(true)] out IDisposable? lease)
    {
        lock (_gate)
        {
            var held = _counts.GetValueOrDefault(key);
            if (held >= limit)
            {
                lease = null;
                return false;
            }

            _counts[key] = held + 1;
        }

        lease = new Lease(this, key);
        return true;
    }

    private void Release(TKey key)
    {
        lock (_gate)
        {
            var held = _counts[key] - 1;
            if (held > 0)
            {
                _counts[key] = held;
            }
            else
            {
                _counts.Remove(key);
            }
        }
    }

    private sealed class Lease(LeaseTable<TKey> table, TKey key) : IDisposable
    {
        private LeaseTable<TKey>? _table = table;

        public void Dispose() => Interlocked.Exchange(ref _table, null)?.Release(key);
    }
}
