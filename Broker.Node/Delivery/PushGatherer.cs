using Broker.Protocol.Frames;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.MessagePack;

namespace Broker.Node.Delivery;

/// <summary>
/// Makes one frame of many log entries: an array of their messages, or the message itself where there is only one. Messages are
/// copied behind room for the longest headers; the headers, whose length follows from the content, are then put right before them.
/// </summary>
/// <param name="format">Of the entries, which are not compressed.</param>
internal sealed class PushGatherer(WireFormat format) : IPushGatherer
{
    private const int LongestArrayHeader = 5;
    private const int HeaderRoom = FrameWriter.MaxServerHeader + LongestArrayHeader;

    private int _end = HeaderRoom;

    public int Count { get; private set; }

    public int Add(Span<byte> destination, LogSegment segment, int start, int end)
    {
        // In JSON a bracket or a comma stands before each message, and behind the last there must be room for a bracket.
        var around = format == WireFormat.Json ? 1 : 0;
        for (var index = segment.IndexOf(start); start < end; index++)
        {
            var payload = segment.Payload(index, end).Span;
            var comma = Count > 0 ? around : 0;
            if (_end + comma + payload.Length + around > destination.Length)
            {
                break;
            }

            if (comma > 0)
            {
                destination[_end++] = (byte)',';
            }

            payload.CopyTo(destination[_end..]);
            _end += payload.Length;
            start = segment.Entry(index, end).End;
            Count++;
        }

        return start;
    }

    public (int Start, int Length) Finish(Span<byte> destination)
    {
        var (start, end) = (HeaderRoom, _end);
        if (Count > 1 && format == WireFormat.Json)
        {
            destination[--start] = (byte)'[';
            destination[end++] = (byte)']';
        }
        else if (Count > 1)
        {
            Span<byte> header = stackalloc byte[MessagePackHeaders.Longest];
            var length = MessagePackHeaders.Array(header, Count);
            start -= length;
            header[..length].CopyTo(destination[start..]);
        }

        var payload = end - start;
        start -= FrameWriter.ServerHeaderLength(payload);
        FrameWriter.WriteServerHeader(destination[start..], format.Opcode(), payload);
        (_end, Count) = (HeaderRoom, 0);
        return (start, end - start);
    }

    /// <summary>An entry is a frame as it lies.</summary>
    public ArraySegment<byte> Alone(LogSegment segment, int start, int end) => new(segment.Bytes, start, end - start);
}
