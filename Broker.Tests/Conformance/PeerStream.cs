using System.Text.Unicode;
using Broker.Tests.Support;

namespace Broker.Tests.Conformance;

/// <summary>Puts the frames of a server together, and says which rule one breaks that it must never break.</summary>
/// <param name="agreement">null: no compression.</param>
internal sealed class PeerStream(DeflateAgreement? agreement) : IDisposable
{
    private readonly RawInflater? _inflater = agreement is null ? null : new RawInflater(takeover: !agreement.ServerAnew);
    private readonly MemoryStream _payload = new();
    private int _open;
    private bool _compressed;

    /// <summary>The close frame, once it came.</summary>
    public RawMessage? Close { get; private set; }

    /// <summary>Messages that came compressed.</summary>
    public int Compressed { get; private set; }

    /// <param name="frame">Not the end of the connection.</param>
    /// <param name="happened">What it amounts to; null: nothing yet.</param>
    /// <returns>The rule it breaks.</returns>
    public string? Take(RawMessage frame, out PeerEvent? happened)
    {
        happened = null;
        if (Close is not null)
        {
            return $"{frame} came after the close frame";
        }

        return frame.Opcode >= 8 ? TakeControl(frame, out happened) : TakeData(frame, out happened);
    }

    public void Dispose()
    {
        _inflater?.Dispose();
        _payload.Dispose();
    }

    private string? TakeControl(RawMessage frame, out PeerEvent? happened)
    {
        happened = null;
        if (!frame.Fin || frame.Payload.Length > 125 || frame.Rsv != 0)
        {
            return $"a control frame with FIN {frame.Fin}, RSV {frame.Rsv} and {frame.Payload.Length} bytes";
        }

        switch (frame.Opcode)
        {
            case 8:
                Close = frame;
                return frame.Payload.Length == 1 || !MayBeSent(frame.CloseCode) || !Utf8.IsValid(frame.Payload.AsSpan(Math.Min(2, frame.Payload.Length)))
                    ? $"a close frame of {Convert.ToHexString(frame.Payload)}"
                    : null;
            case 9:
                return null;
            case 10:
                happened = PeerEvent.Pong(frame.Payload);
                return null;
            default:
                return $"opcode {frame.Opcode}";
        }
    }

    private string? TakeData(RawMessage frame, out PeerEvent? happened)
    {
        happened = null;
        var begins = frame.Opcode != 0;
        if (frame.Opcode > 2 || begins != (_open == 0))
        {
            return $"opcode {frame.Opcode} {(_open == 0 ? "outside" : "inside")} a message";
        }

        // RFC 7692 section 6: only the first frame of a message says that it is compressed.
        if (frame.Rsv != 0 && (frame.Rsv != 4 || !begins || agreement is null))
        {
            return $"RSV {frame.Rsv} on opcode {frame.Opcode}";
        }

        if (begins)
        {
            _open = frame.Opcode;
            _compressed = frame.Rsv == 4;
        }

        _payload.Write(frame.Payload);
        return frame.Fin ? EndMessage(out happened) : null;
    }

    private string? EndMessage(out PeerEvent? happened)
    {
        happened = null;
        var opcode = _open;
        _open = 0;
        try
        {
            var payload = _payload.GetBuffer().AsSpan(0, (int)_payload.Length);
            if (_compressed)
            {
                Compressed++;
                payload = _inflater!.Inflate(payload);
            }

            _payload.SetLength(0);
            happened = PeerEvent.Message(opcode, payload);
            return opcode == 1 && !Utf8.IsValid(payload) ? "a text of invalid UTF-8" : null;
        }
        catch (InvalidDataException error)
        {
            return $"a message that does not inflate: {error.Message}";
        }
    }

    // Section 7.4; 1005 stands for a close frame without a code.
    private static bool MayBeSent(int code) => code is >= 1000 and <= 1003 or 1005 or >= 1007 and <= 1014 or >= 3000 and <= 4999;
}
