namespace Broker.Node.Connections;

/// <summary>Notices who asks at ten times the permitted rate for three seconds. Not thread-safe; keep it in a field that is not readonly.</summary>
/// <remarks>
/// Three seconds in a row must each hold ten times the rate, less a tenth: who paces at exactly ten times must not slip
/// under by the jitter of a timer. One burst, however large, is one second.
/// </remarks>
/// <param name="rate">The rate that is permitted.</param>
internal struct AbuseMeter(TokenRate rate)
{
    private const int Seconds = 3;
    private const int TenTimesLessATenth = 9;

    private long _second;
    private long _asked;
    private byte _hot;
    private bool _begun;

    /// <summary>Counts messages, taken or refused.</summary>
    /// <returns>True from the moment the third such second is over.</returns>
    public bool Count(int count, long now)
    {
        if (!_begun)
        {
            _begun = true;
            _second = now;
        }

        var elapsed = (now - _second) / rate.Frequency;
        if (elapsed > 0)
        {
            // A second without a message in between ends the row as a cold one does.
            _hot = _asked >= (long)rate.PerSecond * TenTimesLessATenth && elapsed == 1 ? (byte)(_hot + 1)
                : (byte)0;
            _second = _hot > 0 ? _second + rate.Frequency : now;
            _asked = 0;
        }

        _asked += count;
        if (_hot < Seconds)
        {
            return false;
        }

        _hot = Seconds;
        return true;
    }
}
