namespace Broker.Protocol.Http;

/// <summary>Incremental parser of the one response head a WebSocket client waits for (RFC 9112 section 4). Not thread-safe.</summary>
public sealed class ResponseHeadParser(HttpLimits limits)
{
    private LineScanner _lines;
    private List<HttpHeader>? _headers;
    private int _headersStart;
    private int _minor;
    private int _status;
    private bool _refused;

    /// <summary>Looks at what is new in <paramref name="buffer"/>, which holds all bytes received so far.</summary>
    /// <param name="buffer">All bytes received so far, from the first.</param>
    /// <param name="response">The head when complete.</param>
    /// <param name="consumed">Bytes of the head when complete, else 0.</param>
    public HttpParseStatus Parse(ReadOnlySpan<byte> buffer, out HttpResponse? response, out int consumed)
    {
        response = null;
        consumed = 0;
        while (!_refused)
        {
            var end = _headers is null ? limits.RequestLine + 2 : _headersStart + limits.HeaderBytes;
            var status = _lines.Next(buffer, end, out var line);
            if (status == LineStatus.NeedMore)
            {
                return HttpParseStatus.NeedMore;
            }

            if (status == LineStatus.Line && _headers is not null && line.IsEmpty)
            {
                response = new HttpResponse(_minor, _status, _headers);
                consumed = _lines.Start;
                return HttpParseStatus.Complete;
            }

            _refused = status != LineStatus.Line || !(_headers is null ? TakeStatusLine(line) : TakeHeader(line));
        }

        return HttpParseStatus.Refused;
    }

    // status-line = "HTTP/1." DIGIT SP 3DIGIT SP [ reason-phrase ]
    private bool TakeStatusLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < 13 || !line.StartsWith("HTTP/1."u8) || !char.IsAsciiDigit((char)line[7]) || line[8] != ' ' || line[12] != ' '
            || line[9] is < (byte)'1' or > (byte)'9' || line[10..12].ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        _minor = line[7] - '0';
        _status = ((line[9] - '0') * 100) + ((line[10] - '0') * 10) + line[11] - '0';
        _headers = [];
        _headersStart = _lines.Start;
        return true;
    }

    private bool TakeHeader(ReadOnlySpan<byte> line)
    {
        if (_headers!.Count == limits.HeaderCount || !HttpSyntax.TryParseHeader(line, out var header))
        {
            return false;
        }

        _headers.Add(header);
        return true;
    }
}

/// <summary>The head of a response as a client received it.</summary>
/// <param name="VersionMinor">The minor version under HTTP/1.</param>
/// <param name="Status">100 to 999.</param>
/// <param name="Headers">Lines in the order they came.</param>
public sealed record HttpResponse(int VersionMinor, int Status, IReadOnlyList<HttpHeader> Headers);
