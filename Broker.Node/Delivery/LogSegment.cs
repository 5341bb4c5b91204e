using Broker.Protocol.Frames;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>
/// A run of whole log entries in one array, each behind the header of its WebSocket frame, so that a run of them is written as it
/// lies. Its log's owner appends; any thread may read what lies below <see cref="Head"/>, which never changes again. Segments are
/// linked forwards only, so the garbage collector frees one as soon as no cursor points to it or to an earlier one.
/// </summary>
internal sealed class LogSegment(int capacity, long start)
{
    private Mark[] _marks = [];
    private int _count;
    private int _head;
    private LogSegment? _next;

    public byte[] Bytes { get; } = capacity == 0 ? [] : new byte[capacity];

    /// <summary>Log position of the first byte.</summary>
    public long Start { get; } = start;

    /// <summary>Bytes that may be read; always the end of an entry.</summary>
    public int Head => Volatile.Read(ref _head);

    /// <summary>The following segment; once set, <see cref="Head"/> is final.</summary>
    public LogSegment? Next => Volatile.Read(ref _next);

    /// <summary>Whether any entry is not for everybody.</summary>
    public bool HasOrigins { get; private set; }

    /// <summary>The end of the last <c>gap</c>, 0 where there is none. Read it after <see cref="Head"/>: then it counts all entries below.</summary>
    public int GapEnd { get; private set; }

    public int Free => Bytes.Length - _head;

    /// <summary>Bytes that an entry takes up.</summary>
    public static int LengthOf(in LogEntry entry) => FrameWriter.ServerHeaderLength(entry.Payload.Length) + entry.Payload.Length;

    /// <summary>One <c>gap</c> alone, in no log.</summary>
    public static LogSegment OfGap(WireFormat format, GapMessage gap)
    {
        var message = MessageBuffer.OfThread;
        format.Codec().Write(message, gap);
        var entry = new LogEntry(message.Written, format) { IsGap = true };
        var segment = new LogSegment(LengthOf(entry), 0);
        segment.Append(entry);
        return segment;
    }

    /// <summary>Index of the entry that starts at <paramref name="offset"/>, in time logarithmic in the number of entries.</summary>
    public int IndexOf(int offset)
    {
        int low = 0, high = Volatile.Read(ref _count) - 1;
        var marks = Volatile.Read(ref _marks);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (marks[middle].Start < offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>The end of the entry at <paramref name="index"/>, and whom it must not reach (<see cref="LogEntry.Origin"/>).</summary>
    public (int End, long Origin) Entry(int index, int head) => (EndOf(index, head), Volatile.Read(ref _marks)[index].Origin);

    /// <summary>The message of the entry at <paramref name="index"/>, without the frame's header.</summary>
    public ReadOnlyMemory<byte> Payload(int index, int head)
    {
        var mark = Volatile.Read(ref _marks)[index];
        var payload = mark.Start + mark.Header;
        return Bytes.AsMemory(payload, EndOf(index, head) - payload);
    }

    /// <summary>When the entry at <paramref name="index"/> was published, in milliseconds since the epoch; 0: unknown.</summary>
    public long Time(int index) => Volatile.Read(ref _marks)[index].Time;

    /// <summary>Where the last entry below <paramref name="head"/> starts; there must be one.</summary>
    public int LastStart(int head)
    {
        var index = Volatile.Read(ref _count) - 1;
        var marks = Volatile.Read(ref _marks);
        while (marks[index].Start >= head)
        {
            index--;
        }

        return marks[index].Start;
    }

    /// <summary>Owner only: writes the entry and publishes it. The index is complete before the head shows the entry.</summary>
    public void Append(in LogEntry entry)
    {
        var length = entry.Payload.Length;
        var header = FrameWriter.WriteServerHeader(Bytes.AsSpan(_head), entry.Format.Opcode(), length, entry.IsDeflated);
        entry.Payload.CopyTo(Bytes.AsSpan(_head + header));
        if (_count == _marks.Length)
        {
            var larger = new Mark[Math.Max(4, _count * 2)];
            _marks.CopyTo(larger, 0);
            Volatile.Write(ref _marks, larger);
        }

        _marks[_count] = new Mark(_head, header, entry.Origin, entry.Time);
        Volatile.Write(ref _count, _count + 1);
        var end = _head + header + length;
        HasOrigins |= entry.Origin != 0;
        GapEnd = entry.IsGap ? end : GapEnd;
        Volatile.Write(ref _head, end);
    }

    /// <summary>Owner only: nothing is appended here any more.</summary>
    public void Seal(LogSegment next) => Volatile.Write(ref _next, next);

    private int EndOf(int index, int head)
    {
        // The count first: the marks that are read after it have all that it counts.
        var count = Volatile.Read(ref _count);
        return index + 1 < count ? Math.Min(Volatile.Read(ref _marks)[index + 1].Start, head) : head;
    }

    /// <summary>Where an entry starts, how long the frame's header is, whom it must not reach (<see cref="LogEntry.Origin"/>), and its time.</summary>
    private readonly record struct Mark(int Start, int Header, long Origin, long Time);
}
