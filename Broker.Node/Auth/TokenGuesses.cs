using System.Net;

namespace Broker.Node.Auth;

/// <summary>Bad tokens per address: after ten within a minute further tokens are refused unread. Thread-safe.</summary>
/// <remarks>
/// What is refused does not count, so an address is heard again a minute after its bad tokens. Tokens being checked at
/// the same moment may exceed the ten. Memory is bounded: past 65,536 remembered tokens the oldest are forgotten.
/// </remarks>
/// <param name="time">Clock.</param>
/// <param name="isShared">Addresses that stand for many clients, a proxy's: one's guesses are no reason to refuse the others; null: none.</param>
internal sealed class TokenGuesses(TimeProvider time, Func<IPAddress, bool>? isShared = null)
{
    private const int Limit = 10;
    private const int Remembered = 65_536;

    private readonly long _window = 60 * time.TimestampFrequency;
    private readonly Dictionary<AddressKey, SlidingCounter> _addresses = [];
    private readonly Queue<(AddressKey Address, long At)> _order = new();
    private readonly Lock _gate = new();

    /// <summary>Addresses remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                Forget(time.GetTimestamp());
                return _addresses.Count;
            }
        }
    }

    /// <summary>Whether a token from this address should be looked at.</summary>
    public bool MayTry(IPAddress address)
    {
        lock (_gate)
        {
            return !_addresses.TryGetValue(AddressKey.Of(address), out var counter) || !counter.IsFull(time.GetTimestamp());
        }
    }

    /// <summary>A token from this address was invalid.</summary>
    public void Failed(IPAddress address)
    {
        if (isShared is not null && isShared(address))
        {
            return;
        }

        var key = AddressKey.Of(address);
        lock (_gate)
        {
            var now = time.GetTimestamp();
            Forget(now);
            if (!_addresses.TryGetValue(key, out var counter))
            {
                _addresses[key] = counter = new SlidingCounter(Limit, _window);
            }

            counter.Add(now);
            _order.Enqueue((key, now));
        }
    }

    private void Forget(long now)
    {
        while (_order.TryPeek(out var oldest) && (now - oldest.At >= _window || _order.Count >= Remembered))
        {
            _order.Dequeue();
            if (_addresses.TryGetValue(oldest.Address, out var counter) && counter.Last <= oldest.At)
            {
                _addresses.Remove(oldest.Address);
            }
        }
    }
}
