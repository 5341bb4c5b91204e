using System.Buffers;
using System.IO.Compression;
using Broker.Fuzz.Engine;
using Broker.Protocol.Deflate;

namespace Broker.Fuzz.Targets;

/// <summary>
/// Compressed messages of one connection: the same for any segments, as the runtime's own inflater says, and inside
/// the limit; what the deflater makes of them comes back.
/// <code>flags 8, cuts 8, (length 8, payload …) …</code>
/// </summary>
internal sealed class InflateTarget : FuzzTarget
{
    private const byte Takeover = 8;
    private const byte RoundTrip = 16;

    private static readonly int[] Limits = [0, 1, 300, 65536, 200_000, 1 << 20];

    private readonly ArrayBufferWriter<byte> _compressed = new();
    private readonly byte[] _reference = new byte[1 << 20];

    public override string Name => "inflate";

    public override int MaxLength => 600;

    public override long MaxAllocation => 8 * 1024 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } = Tokens(
        "\0", "\u0001\0\0\u00ff\u00ff", "\0\u0005\0\u00fa\u00ff", "\u00f2\u0048\u00cd\u00c9\u00c9\u0007\0", "\u00f3\u0048\u00cd\u00c9\u00c9\u0007\0", "\u004a\u0086\u0001", "\u0003\0", "\u0005", "\u0004", "\u0006", "\u00ed\u00c0", "\0\0\u00ff\u00ff", "\u00ff");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length < 2)
        {
            return;
        }

        var (flags, cuts) = (input[0], input[1]);
        var takeover = (flags & Takeover) != 0;
        var windowBits = 8 + (flags & 7);
        var limit = Limits[(flags >> 5) % Limits.Length];
        var script = input[2..];
        if ((flags & RoundTrip) != 0)
        {
            ThereAndBack(script, cuts, takeover);
            return;
        }

        using var whole = new MessageInflater(windowBits, takeover);
        using var cut = new MessageInflater(windowBits, takeover);
        var alone = !takeover && windowBits == DeflateParameters.MaxWindowBits;
        for (var first = true; script.Length > 1; first = false)
        {
            var message = Next(ref script);
            var status = Inflate(whole, message, new Cuts(1), limit);
            var cutStatus = Inflate(cut, message, new Cuts(cuts), limit);
            Promise.Holds(status == cutStatus, $"cut differs from whole: {cutStatus}, not {status}");
            Promise.Holds(whole.Message.SequenceEqual(cut.Message), "cut gives another message");
            Promise.Holds(whole.Message.Length <= limit, "a message over the limit");
            if (alone || (first && windowBits == DeflateParameters.MaxWindowBits))
            {
                Compare(message, status, whole.Message);
            }

            whole.EndMessage();
            cut.EndMessage();
            if (status != InflateStatus.Done)
            {
                return;
            }
        }
    }

    // A kind over 250 takes all that is left.
    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> script)
    {
        var message = script.Slice(1, script[0] > 250 ? script.Length - 1 : Math.Min(script[0], script.Length - 1));
        script = script[(1 + message.Length)..];
        return message;
    }

    private static InflateStatus Inflate(MessageInflater inflater, ReadOnlySpan<byte> message, Cuts cuts, int limit)
    {
        var status = InflateStatus.Done;
        while (!message.IsEmpty && status == InflateStatus.Done)
        {
            var part = message[..cuts.Next(message.Length)];
            message = message[part.Length..];
            status = inflater.Append(part, limit);
        }

        return status == InflateStatus.Done ? inflater.Finish(limit) : status;
    }

    private void Compare(ReadOnlySpan<byte> message, InflateStatus status, ReadOnlySpan<byte> inflated)
    {
        var length = Reference(message, []);
        Promise.Holds(length >= 0 || status != InflateStatus.Done, "what the runtime refuses is taken");
        var both = Math.Min(length < 0 ? ~length : length, inflated.Length);
        Promise.Holds(inflated[..both].SequenceEqual(_reference.AsSpan(0, both)), "other bytes than the runtime's");
        Promise.Holds(status != InflateStatus.Done || inflated.Length >= length, "fewer bytes than the runtime's");
        Promise.Holds(status != InflateStatus.Invalid || !IsWhole(message, length), "what the runtime takes is refused");
    }

    // The runtime's stream does not say whether anything was missing. Where nothing was, a final block of one byte behind it
    // adds that byte, and a second one nothing.
    private bool IsWhole(ReadOnlySpan<byte> message, int length) =>
        length >= 0 && length < _reference.Length && EndsWith(message, length, (byte)'X') && EndsWith(message, length, (byte)'Y');

    private bool EndsWith(ReadOnlySpan<byte> message, int length, byte mark) =>
        Reference(message, [0x01, 0x01, 0x00, 0xFE, 0xFF, mark, 0x01, 0x01, 0x00, 0xFE, 0xFF, mark]) == length + 1 && _reference[length] == mark;

    /// <summary>Bytes inflated; its complement where they end in a fault. The stream stops after a final block.</summary>
    private int Reference(ReadOnlySpan<byte> message, ReadOnlySpan<byte> more)
    {
        using var source = new MemoryStream([.. message, 0x00, 0x00, 0xFF, 0xFF, .. more]);
        using var stream = new DeflateStream(source, CompressionMode.Decompress);
        var length = 0;
        try
        {
            for (var read = -1; read != 0 && length < _reference.Length; length += read)
            {
                read = stream.Read(_reference, length, _reference.Length - length);
            }

            return length;
        }
        catch (InvalidDataException)
        {
            return ~length;
        }
    }

    private void ThereAndBack(ReadOnlySpan<byte> script, byte cuts, bool takeover)
    {
        using var deflater = new MessageDeflater((CompressionLevel)(cuts & 3), takeover);
        using var inflater = new MessageInflater(DeflateParameters.MaxWindowBits, takeover);
        while (script.Length > 1)
        {
            var message = Next(ref script);
            _compressed.ResetWrittenCount();
            deflater.Deflate(message, _compressed);
            Promise.Holds(Inflate(inflater, _compressed.WrittenSpan, new Cuts(cuts), message.Length) == InflateStatus.Done, "the own message is refused");
            Promise.Holds(inflater.Message.SequenceEqual(message), "the own message comes back changed");
            inflater.EndMessage();
        }
    }
}
