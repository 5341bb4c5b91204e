namespace Broker.Node.Membership;

/// <summary>Which pulses of this node were sent when, and up to which each member has answered. Pure; not thread-safe.</summary>
internal sealed class PulseBook(TimeProvider time)
{
    private readonly Queue<(long Number, long Sent)> _sent = new();
    private readonly Dictionary<uint, long> _answeredUntil = [];
    private readonly long _validity = (long)(Fence.Validity.TotalSeconds * time.TimestampFrequency);
    private long _number;

    /// <summary>The number of a pulse that goes out now.</summary>
    public long Send()
    {
        var now = time.GetTimestamp();
        while (_sent.TryPeek(out var oldest) && oldest.Sent + _validity <= now)
        {
            _sent.Dequeue();
        }

        _sent.Enqueue((++_number, now));
        return _number;
    }

    /// <summary>False: the answer is to a pulse that is too old to count, or to none of this node's.</summary>
    public bool Answered(uint peer, long number)
    {
        foreach (var (sentNumber, sent) in _sent)
        {
            if (sentNumber == number && sent + _validity > time.GetTimestamp())
            {
                _answeredUntil[peer] = Math.Max(_answeredUntil.GetValueOrDefault(peer), sent + _validity);
                return true;
            }
        }

        return false;
    }

    /// <summary>Timestamp until which the newest answer of a member counts; 0: there was none.</summary>
    public long AnsweredUntil(uint peer) => _answeredUntil.GetValueOrDefault(peer);

    public void Forget(uint peer) => _answeredUntil.Remove(peer);
}
