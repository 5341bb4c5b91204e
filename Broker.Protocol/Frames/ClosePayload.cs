using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Broker.Protocol.Frames;

/// <summary>The body of a close frame (RFC 6455 section 5.5.1): nothing, or <c>code 16 | reason in UTF-8</c>.</summary>
internal static class ClosePayload
{
    /// <summary>Reads a body and returns the code to fail with, or null when it is sound.</summary>
    public static CloseCode? Read(ReadOnlySpan<byte> payload, out CloseCode code, out string reason)
    {
        code = CloseCode.NoStatusReceived;
        reason = "";
        if (payload.IsEmpty)
        {
            return null;
        }

        if (payload.Length == 1)
        {
            return CloseCode.ProtocolError;
        }

        code = (CloseCode)BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (!CloseCodes.MayBeSent(code))
        {
            return CloseCode.ProtocolError;
        }

        if (!Utf8.IsValid(payload[2..]))
        {
            return CloseCode.InvalidPayloadData;
        }

        reason = Encoding.UTF8.GetString(payload[2..]);
        return null;
    }

    /// <summary>Writes a body of at most 125 bytes and returns its length; the reason is cut at a code point.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A code that is never sent; <see cref="CloseCode.NoStatusReceived"/> stands for no body.</exception>
    public static int Write(Span<byte> destination, CloseCode code, string reason)
    {
        if (code == CloseCode.NoStatusReceived)
        {
            return 0;
        }

        if (!CloseCodes.MayBeSent(code))
        {
            throw new ArgumentOutOfRangeException(nameof(code), code, "This code is never sent.");
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)code);
        Utf8.FromUtf16(reason, destination[2..FrameWriter.MaxControlPayload], out _, out var written);
        return 2 + written;
    }
}
