using System.Globalization;
using System.Text;

namespace Broker.Node.Diagnostics;

/// <summary>
/// The console behind everything that a node logs: whatever strangers wrote reaches a terminal as printable ASCII and ends of
/// lines, the rest as <c>\xNN</c> or <c>\uNNNN</c> (UTF-16 code units). Thread-safe where <paramref name="inner"/> is.
/// </summary>
internal sealed class PrintableWriter(TextWriter inner) : TextWriter(CultureInfo.InvariantCulture)
{
    public override Encoding Encoding => inner.Encoding;

    /// <summary>A part of a line: ends of lines are escaped too.</summary>
    public static string Escape(string text) => IsPrintable(text) ? text : Escape(text, keepLineEnds: false);

    public override void Write(char value) => inner.Write(value == '\n' ? "\n" : Escape(value.ToString()));

    public override void Write(string? value)
    {
        if (value is not null)
        {
            inner.Write(IsPrintable(value) ? value : Escape(value, keepLineEnds: true));
        }
    }

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void WriteLine(string? value) => Write(value + "\n");

    public override void Flush() => inner.Flush();

    private static bool IsPrintable(string text) => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    private static string Escape(string text, bool keepLineEnds)
    {
        var printable = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c is >= ' ' and <= '~' || (keepLineEnds && c == '\n') ? printable.Append(c)
                : c <= '\u00ff' ? printable.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}")
                : printable.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return printable.ToString();
    }
}
