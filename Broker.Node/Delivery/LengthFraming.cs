using System.Buffers.Binary;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>A message is its length, four bytes with the largest first, and JSON.</summary>
internal sealed class LengthFraming() : MessageFraming(WireFormat.Json)
{
    public const int Header = 4;

    public static readonly LengthFraming Instance = new();

    public override IPushGatherer? CreateGatherer(bool hasWindow) => new Gatherer();

    public override ReadOnlySpan<byte> Frame(MessageBuffer message)
    {
        Span<byte> header = stackalloc byte[Header];
        BinaryPrimitives.WriteInt32BigEndian(header, message.Length);
        return message.Behind(header);
    }

    /// <summary>Log entries are frames of a WebSocket: their messages get this framing instead.</summary>
    private sealed class Gatherer : IPushGatherer
    {
        private int _end;

        public int Count { get; private set; }

        public int Add(Span<byte> destination, LogSegment segment, int start, int end)
        {
            for (var index = segment.IndexOf(start); start < end; index++)
            {
                var payload = segment.Payload(index, end).Span;
                if (_end + Header + payload.Length > destination.Length)
                {
                    break;
                }

                Write(destination[_end..], payload);
                _end += Header + payload.Length;
                start = segment.Entry(index, end).End;
                Count++;
            }

            return start;
        }

        public (int Start, int Length) Finish(Span<byte> destination)
        {
            var length = _end;
            (_end, Count) = (0, 0);
            return (0, length);
        }

        public ArraySegment<byte> Alone(LogSegment segment, int start, int end)
        {
            var payload = segment.Payload(segment.IndexOf(start), end).Span;
            var message = new byte[Header + payload.Length];
            Write(message, payload);
            return message;
        }

        private static void Write(Span<byte> destination, ReadOnlySpan<byte> payload)
        {
            BinaryPrimitives.WriteInt32BigEndian(destination, payload.Length);
            payload.CopyTo(destination[Header..]);
        }
    }
}
