using System.Net;

namespace Broker.Node.Auth;

/// <summary>
/// Bad tokens per address: after ten within a minute an address is suspect. Its tokens are still read, because a good one is another
/// client's behind the same address; but only so many signatures of public keys are verified for it in a second. Thread-safe.
/// </summary>
/// <remarks>
/// Bad tokens of a suspect do not count, so it is none any more a minute after those that made it one. Tokens being checked at the same
/// moment may exceed the ten. Memory is bounded: past 65,536 remembered tokens the oldest are forgotten. A signature of a shared secret
/// costs 1 to 2 us, no more than the request that brought it, and has no bound; one of a public key costs 30 to 70 us (RS256, ES256).
/// </remarks>
/// <param name="time">Clock.</param>
/// <param name="isShared">Addresses that stand for many clients, a proxy's: one's guesses are no reason to refuse the others; null: none.</param>
internal sealed class TokenGuesses(TimeProvider time, Func<IPAddress, bool>? isShared = null)
{
    /// <summary>Signatures of public keys that are verified for a suspect in a second.</summary>
    public const int Verifications = 50;

    private const int Limit = 10;
    private const int Remembered = 65_536;

    private readonly long _window = 60 * time.TimestampFrequency;
    private readonly Dictionary<AddressKey, Guesser> _addresses = [];
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

    /// <summary>Whether so many bad tokens came from this address that another one is taken for a guess.</summary>
    public bool IsSuspect(IPAddress address)
    {
        lock (_gate)
        {
            return _addresses.TryGetValue(AddressKey.Of(address), out var guesser) && guesser.Bad.IsFull(time.GetTimestamp());
        }
    }

    /// <summary>Takes one of the <see cref="Verifications"/> of a suspect's second; false: none is left.</summary>
    public bool TryVerify(IPAddress address)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (!_addresses.TryGetValue(AddressKey.Of(address), out var guesser))
            {
                return true;
            }

            if (guesser.Verified.IsFull(now))
            {
                return false;
            }

            guesser.Verified.Add(now);
            return true;
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
            if (!_addresses.TryGetValue(key, out var guesser))
            {
                _addresses[key] = guesser = new Guesser(new SlidingCounter(Limit, _window), new SlidingCounter(Verifications, time.TimestampFrequency));
            }

            guesser.Bad.Add(now);
            _order.Enqueue((key, now));
        }
    }

    private void Forget(long now)
    {
        while (_order.TryPeek(out var oldest) && (now - oldest.At >= _window || _order.Count >= Remembered))
        {
            _order.Dequeue();
            if (_addresses.TryGetValue(oldest.Address, out var guesser) && guesser.Bad.Last <= oldest.At)
            {
                _addresses.Remove(oldest.Address);
            }
        }
    }

    private sealed record Guesser(SlidingCounter Bad, SlidingCounter Verified);
}
