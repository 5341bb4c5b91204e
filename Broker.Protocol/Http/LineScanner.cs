using System.Buffers;

namespace Broker.Protocol.Http;

/// <summary>
/// Cuts a growing buffer into CRLF lines and looks at every byte once, whatever the segments. The answer depends on
/// the bytes alone, never on how they were cut.
/// </summary>
internal struct LineScanner
{
    // CTLs but HT. RFC 9112 section 2.2: a bare CR is invalid; a recipient MAY take a bare LF as a line end, which
    // is what request smuggling lives on, so it is refused.
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127]);

    private int _scanned;

    /// <summary>Index of the first byte that belongs to no line yet.</summary>
    public int Start { get; private set; }

    /// <param name="buffer">All bytes received so far, from the first.</param>
    /// <param name="end">The line's CRLF must lie before this index.</param>
    /// <param name="line">The line without its CRLF.</param>
    public LineStatus Next(ReadOnlySpan<byte> buffer, int end, out ReadOnlySpan<byte> line)
    {
        line = default;
        var window = buffer[..Math.Min(buffer.Length, end)];
        var found = window[_scanned..].IndexOfAny(Controls);
        if (found < 0)
        {
            _scanned = window.Length;
            return window.Length == end ? LineStatus.TooLong : LineStatus.NeedMore;
        }

        _scanned += found;
        if (window[_scanned] != '\r')
        {
            return LineStatus.Malformed;
        }

        if (_scanned + 1 == window.Length)
        {
            return window.Length == end ? LineStatus.TooLong : LineStatus.NeedMore;
        }

        if (window[_scanned + 1] != '\n')
        {
            return LineStatus.Malformed;
        }

        line = window[Start.._scanned];
        Start = _scanned += 2;
        return LineStatus.Line;
    }
}

internal enum LineStatus
{
    NeedMore,
    Line,
    TooLong,
    Malformed,
}
