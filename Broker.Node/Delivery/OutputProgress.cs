using System.Buffers.Binary;
using System.Net.Sockets;

namespace Broker.Node.Delivery;

/// <summary>What a client has taken of what was sent to it.</summary>
/// <param name="Drained">Bytes, counted from the connection's start: those its machine has acknowledged, where the kernel tells.</param>
/// <param name="IsEmpty">Nothing is on its way any more.</param>
internal readonly record struct OutputProgress(long Drained, bool IsEmpty)
{
    // linux/tcp.h: struct tcp_info, which only ever grows at its end.
    private const int TcpInfo = 11;
    private const int UnackedOffset = 24;
    private const int BytesAckedOffset = 120;
    private const int BytesReceivedOffset = 128;
    private const int NotSentOffset = 144;
    private const int Length = 148;

    /// <summary>What a TCP socket's kernel knows; null where it does not tell.</summary>
    public static OutputProgress? Of(Socket? socket)
    {
        if (socket is null || !OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> info = stackalloc byte[Length];
        try
        {
            return socket.GetRawSocketOption((int)ProtocolType.Tcp, TcpInfo, info) < Length
                ? null
                : new OutputProgress(
                    BinaryPrimitives.ReadInt64LittleEndian(info[BytesAckedOffset..]),
                    BinaryPrimitives.ReadInt32LittleEndian(info[UnackedOffset..]) == 0 && BinaryPrimitives.ReadInt32LittleEndian(info[NotSentOffset..]) == 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended: whoever asks hears of that another way.
            return null;
        }
    }

    /// <summary>Whether all that a client has sent lies unread; true where the kernel does not tell.</summary>
    public static bool IsUntouched(Socket socket)
    {
        Span<byte> info = stackalloc byte[Length];
        try
        {
            return !OperatingSystem.IsLinux()
                || socket.GetRawSocketOption((int)ProtocolType.Tcp, TcpInfo, info) < Length
                || BinaryPrimitives.ReadInt64LittleEndian(info[BytesReceivedOffset..]) <= socket.Available;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone: nobody waits.
            return false;
        }
    }
}
