using Broker.Node.Links;

namespace Broker.Node.Lanes;

/// <summary>Collects the publishes of one batch as envelope entries: encoded once, for all peers.</summary>
/// <param name="limit">Bytes at which a segment closes; a single entry above it is cut into pieces.</param>
/// <param name="closed">Takes each segment as it closes.</param>
internal sealed class LaneBatch(int limit, Action<Segment> closed)
{
    private byte[] _buffer = new byte[Math.Min(limit, 4096)];
    private int _length;
    private int _messages;

    /// <summary>Bytes collected since the last segment closed.</summary>
    public int Length => _length;

    public void Add(in EnvelopeEntry entry)
    {
        var length = entry.Length;
        if (_length > 0 && _length + length > limit)
        {
            Close();
        }

        if (length > limit)
        {
            Pieces.Cut(entry, limit, closed);
            return;
        }

        if (_length + length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(limit, Math.Max(2 * _buffer.Length, _length + length)));
        }

        entry.Write(_buffer.AsSpan(_length));
        _length += length;
        _messages++;
    }

    /// <summary>The end of the batch.</summary>
    public void Close()
    {
        if (_length > 0)
        {
            var segment = new Segment(_buffer.AsSpan(0, _length).ToArray(), _messages);
            _length = _messages = 0;
            closed(segment);
        }
    }
}
