using Broker.Node.Configuration.Options;
using Broker.Protocol.Deflate;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Node.Delivery;

/// <summary>
/// Makes of one push what the logs of its topic take: carried to the other format once, compressed once for each.
/// Single-threaded: its lane only.
/// </summary>
internal sealed class PushForms(MessageDeflateOptions deflate)
{
    private readonly MessageBuffer _carried = new();
    private readonly MessageBuffer _deflated = new();
    private bool _isCarried;

    /// <summary>This push could not be carried over: in the other format it is a <c>gap</c>.</summary>
    private bool _isGap;

    /// <summary>Another push follows.</summary>
    public void Begin() => _isCarried = _isGap = false;

    /// <param name="form">Other than the entry's own.</param>
    /// <param name="topic">Or pattern; for a <c>gap</c>.</param>
    /// <param name="entry">Of the publisher: not compressed.</param>
    /// <returns>Valid until the next call; a <c>gap</c> for a push of another node that cannot be carried over.</returns>
    public LogEntry Make(PushForm form, ReadOnlySpan<byte> topic, in LogEntry entry)
    {
        var isOwn = form.Format == entry.Format;
        var payload = isOwn ? entry.Payload : Carry(topic, entry, form.Format);
        var isDeflated = form.Deflated && TryDeflate(ref payload);
        return new LogEntry(payload, form.Format)
        {
            Origin = entry.Origin,
            Time = entry.Time,
            IsDeflated = isDeflated,
            IsGap = !isOwn && _isGap,
        };
    }

    private ReadOnlySpan<byte> Carry(ReadOnlySpan<byte> topic, in LogEntry entry, WireFormat to)
    {
        if (!_isCarried && !WireBridge.TryCarryPush(entry.Payload, entry.Format, _carried.Clear()))
        {
            _isGap = true;
            to.Codec().Write(_carried.Clear(), PatternSubscription.GapOf(topic.ToArray()));
        }

        _isCarried = true;
        return _carried.Written;
    }

    private bool TryDeflate(ref ReadOnlySpan<byte> payload)
    {
        if (payload.Length < deflate.Threshold)
        {
            return false;
        }

        SharedDeflate.Deflate(payload, _deflated.Clear(), deflate.CompressionLevel);
        if (_deflated.Length >= payload.Length)
        {
            return false;
        }

        payload = _deflated.Written;
        return true;
    }
}
