using Broker.Node.Configuration.Options;
using Broker.Protocol.Deflate;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.Bridge;

namespace Broker.Node.Delivery;

/// <summary>
/// Makes of one framed push what the logs of its topic take: carried to the other format once, compressed once for each.
/// Single-threaded: its lane only.
/// </summary>
internal sealed class PushForms(MessageDeflateOptions deflate)
{
    private readonly FrameBuffer _carried = new();
    private readonly FrameBuffer _deflated = new();
    private bool _isCarried;

    /// <summary>This push could not be carried over: in the other format it is a <c>gap</c>.</summary>
    public bool IsGap { get; private set; }

    /// <summary>Another push follows.</summary>
    public void Begin() => _isCarried = IsGap = false;

    /// <param name="form">Other than the frame's own.</param>
    /// <param name="topic">For a <c>gap</c>.</param>
    /// <param name="frame">A push, uncompressed.</param>
    /// <param name="format">Of the frame.</param>
    /// <returns>Valid until the next call; a <c>gap</c> for a push of another node that cannot be carried over.</returns>
    public ReadOnlySpan<byte> Make(PushForm form, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> frame, WireFormat format)
    {
        var plain = form.Format == format ? frame : Carry(topic, frame, format, form.Format);
        return form.Deflated ? Deflate(plain, form.Format) : plain;
    }

    private ReadOnlySpan<byte> Carry(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> frame, WireFormat from, WireFormat to)
    {
        if (!_isCarried && !WireBridge.TryCarryPush(FrameBuffer.PayloadOf(frame), from, _carried.Clear()))
        {
            IsGap = true;
            to.Codec().Write(_carried.Clear(), new GapMessage(topic.ToArray()));
        }

        _isCarried = true;
        return _carried.Frame(to.Opcode());
    }

    private ReadOnlySpan<byte> Deflate(ReadOnlySpan<byte> frame, WireFormat format)
    {
        var payload = FrameBuffer.PayloadOf(frame);
        if (payload.Length < deflate.Threshold)
        {
            return frame;
        }

        SharedDeflate.Deflate(payload, _deflated.Clear(), deflate.CompressionLevel);
        return _deflated.Length < payload.Length ? _deflated.Frame(format.Opcode(), compressed: true) : frame;
    }
}
