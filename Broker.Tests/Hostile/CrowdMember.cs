using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>
/// One of thousands of subscribers: reads pushes, whose data end in their number behind a <c>#</c>, from a bare socket, answers
/// pings, and may stop reading.
/// </summary>
internal sealed class CrowdMember : IDisposable
{
    private readonly RawWebSocket _socket;
    private readonly byte[] _buffer = new byte[24 * 1024];
    private int _end;

    private CrowdMember(RawWebSocket socket) => _socket = socket;

    /// <summary>The number of the last push; each was the one before and one.</summary>
    public int Last { get; private set; }

    /// <summary>Of the close frame; 1006 where the connection ended without one, 0 while it lasts.</summary>
    public int CloseCode { get; private set; }

    public static async Task<CrowdMember> SubscribeAsync(string host, int port, string topic, CancellationToken cancellation)
    {
        var socket = await RawWebSocket.ConnectAsync(host, port, cancellation: cancellation);

        // So that what the system keeps for one who does not read is known, and the node keeps the rest.
        socket.Socket.ReceiveBufferSize = 64 * 1024;
        await HostileNode.ReadWithinAsync(socket, "welcome", cancellation);
        await socket.SendTextAsync($$"""{"type":"subscribe","topic":"{{topic}}","id":1}""", cancellation);
        await HostileNode.ReadWithinAsync(socket, "subscribed", cancellation);
        return new CrowdMember(socket);
    }

    /// <summary>Reads up to a push, or to the end of the connection.</summary>
    /// <param name="last">The push's number.</param>
    /// <param name="sent">Timestamps of the pushes.</param>
    /// <param name="latencies">Takes each push's, in timestamps; null: of no interest.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task ReadAsync(int last, long[] sent, ConcurrentQueue<(int Number, long Ticks)>? latencies, CancellationToken cancellation)
    {
        while (Last < last && CloseCode == 0)
        {
            var count = await ReceiveAsync(cancellation);
            if (count == 0)
            {
                CloseCode = 1006;
                return;
            }

            _end += count;
            var now = Stopwatch.GetTimestamp();
            while (TryTake(out var opcode, out var payload))
            {
                if (opcode == 9)
                {
                    await _socket.SendFrameAsync(10, payload.ToArray(), cancellation: cancellation);
                }
                else if (opcode == 8)
                {
                    CloseCode = BinaryPrimitives.ReadUInt16BigEndian(payload.Span);
                }
                else if (payload.Span.LastIndexOf((byte)'#') is var mark and >= 0)
                {
                    Assert.True(Utf8Parser.TryParse(payload.Span[(mark + 1)..], out int number, out _));
                    Assert.Equal(++Last, number);
                    latencies?.Enqueue((number, now - sent[number]));
                }

                Drop(payload.Length);
            }
        }
    }

    public void Dispose() => _socket.Abort();

    private async Task<int> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            return await _socket.Socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellation);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private bool TryTake(out int opcode, out ReadOnlyMemory<byte> payload)
    {
        (opcode, payload) = (0, default);
        if (_end < 2)
        {
            return false;
        }

        var head = Head(_buffer[1]);
        if (_end < head)
        {
            return false;
        }

        var length = head == 2 ? _buffer[1] : BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(2));
        if (_end < head + length)
        {
            return false;
        }

        (opcode, payload) = (_buffer[0] & 0x0F, _buffer.AsMemory(head, length));
        return true;
    }

    private void Drop(int length)
    {
        var frame = Head(_buffer[1]) + length;
        _buffer.AsSpan(frame, _end - frame).CopyTo(_buffer);
        _end -= frame;
    }

    private static int Head(byte size) => size < 126 ? 2 : 4;
}
