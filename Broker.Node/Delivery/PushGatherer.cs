using System.Buffers.Binary;
using Broker.Protocol.Frames;
using Broker.Protocol.Wire;
using Broker.Protocol.Wire.MessagePack;

namespace Broker.Node.Delivery;

/// <summary>
/// Makes one frame of many log entries: an array of their messages, or the message itself where there is only one. Entries are
/// copied behind room for the longest headers; the headers, whose length follows from the content, are then put right before it.
/// </summary>
/// <param name="format">Of the entries: whole, unmasked, uncompressed server frames.</param>
internal struct PushGatherer(WireFormat format)
{
    private const int LongestArrayHeader = 5;
    private const int HeaderRoom = FrameWriter.MaxServerHeader + LongestArrayHeader;

    private int _end = HeaderRoom;

    /// <summary>Messages so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of the first of some entries, with its header.</summary>
    public static int FirstOf(ReadOnlySpan<byte> entries)
    {
        var (header, payload) = Measure(entries);
        return header + payload;
    }

    /// <summary>Adds as many whole entries as there is room for.</summary>
    /// <param name="destination">The same for every call; what it is long is all there is room for.</param>
    /// <param name="entries">At least one.</param>
    /// <returns>Bytes of <paramref name="entries"/> that were taken.</returns>
    public int Add(Span<byte> destination, ReadOnlySpan<byte> entries)
    {
        // In JSON a bracket or a comma stands before each message, and behind the last there must be room for a bracket.
        var around = format == WireFormat.Json ? 1 : 0;
        var taken = 0;
        while (taken < entries.Length)
        {
            var (header, payload) = Measure(entries[taken..]);
            var comma = Count > 0 ? around : 0;
            if (_end + comma + payload + around > destination.Length)
            {
                break;
            }

            if (comma > 0)
            {
                destination[_end++] = (byte)',';
            }

            entries.Slice(taken + header, payload).CopyTo(destination[_end..]);
            _end += payload;
            taken += header + payload;
            Count++;
        }

        return taken;
    }

    /// <summary>Writes the headers around what was added, at least one entry.</summary>
    /// <param name="destination">As for <see cref="Add"/>.</param>
    /// <returns>Where in it the frame is.</returns>
    public readonly (int Start, int Length) Finish(Span<byte> destination)
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
        return (start, end - start);
    }

    /// <summary>RFC 6455 section 5.2: the length, in 7 bits, or in the 2 or 8 bytes that follow; no mask.</summary>
    private static (int Header, int Payload) Measure(ReadOnlySpan<byte> entry) => entry[1] switch
    {
        126 => (4, BinaryPrimitives.ReadUInt16BigEndian(entry[2..])),
        127 => (10, (int)BinaryPrimitives.ReadUInt64BigEndian(entry[2..])),
        var length => (2, length),
    };

    /// <summary>Whether bytes are one whole frame as a server sends it: what is appended to a log is found again by its own length.</summary>
    public static bool IsOneFrame(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2 || bytes.Length < bytes[1] switch { 126 => 4, 127 => 10, _ => 2 })
        {
            return false;
        }

        var (header, payload) = Measure(bytes);
        return payload >= 0 && bytes.Length - header == payload;
    }
}
