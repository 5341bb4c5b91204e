using System.Buffers;
using Broker.Node.Transports.Sessions;

namespace Broker.Node.Transports.Sse;

/// <summary>Messages as events of text/event-stream (HTML standard section 9.2.6): a line <c>data:</c> with the JSON, and nothing else but the id of a stream of topics.</summary>
internal static class SseEvents
{
    /// <summary>Up to so many bytes are written in one piece.</summary>
    private const int Small = 2048;

    public static ReadOnlySpan<byte> Comment => ":\n\n"u8;

    private static ReadOnlySpan<byte> Begin => "data: "u8;

    private static ReadOnlySpan<byte> End => "\n\n"u8;

    /// <param name="output">Takes the event.</param>
    /// <param name="json">A message; empty: a comment is written.</param>
    /// <param name="id">Has the id; null: there is none.</param>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> json, StreamPositions? id)
    {
        if (json.IsEmpty)
        {
            output.Write(Comment);
            return;
        }

        if (id is not null)
        {
            output.Write("id: "u8);
            id.WriteTo(output);
            output.Write("\n"u8);
        }

        if (json.Length <= Small)
        {
            WriteSmall(output, json);
            return;
        }

        output.Write(Begin);
        WriteLine(output, json);
        output.Write(End);
    }

    private static void WriteSmall(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        var length = Begin.Length + json.Length + End.Length;
        var span = output.GetSpan(length);
        Begin.CopyTo(span);
        var data = span.Slice(Begin.Length, json.Length);
        json.CopyTo(data);
        data.Replace((byte)'\n', (byte)' ');
        data.Replace((byte)'\r', (byte)' ');
        End.CopyTo(span[(Begin.Length + json.Length)..]);
        output.Advance(length);
    }

    /// <summary>In JSON an end of a line is white space between tokens, never in a text; in an event it would end the data.</summary>
    private static void WriteLine(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        for (var end = json.IndexOfAny((byte)'\n', (byte)'\r'); end >= 0; end = json.IndexOfAny((byte)'\n', (byte)'\r'))
        {
            output.Write(json[..end]);
            output.Write(" "u8);
            json = json[(end + 1)..];
        }

        output.Write(json);
    }
}
