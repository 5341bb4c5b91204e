using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Broker.Protocol.Frames;

namespace Broker.Protocol.Session;

/// <summary>Frames what a session sends in its role, on the stack where it is small.</summary>
internal static class FrameSender
{
    private const int StackBytes = 256;

    public static void Send(WebSocketRole role, Opcode opcode, ReadOnlySpan<byte> payload, IWebSocketHandler handler, bool compressed = false)
    {
        // RFC 6455 section 5.3: the key MUST come from a strong source of entropy.
        uint? mask = role == WebSocketRole.Client ? NewMask() : null;
        var size = FrameWriter.FrameLength(payload.Length, mask is not null);
        byte[]? rented = null;
        var frame = size <= StackBytes ? stackalloc byte[StackBytes] : rented = ArrayPool<byte>.Shared.Rent(size);
        handler.OnSend(opcode, frame[..FrameWriter.Write(frame, opcode, payload, mask, true, compressed)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public static void SendClose(WebSocketRole role, CloseCode code, string reason, IWebSocketHandler handler)
    {
        Span<byte> payload = stackalloc byte[FrameWriter.MaxControlPayload];
        Send(role, Opcode.Close, payload[..ClosePayload.Write(payload, code, reason)], handler);
    }

    private static uint NewMask()
    {
        var mask = 0u;
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<uint>(ref mask)));
        return mask;
    }
}
