namespace Broker.Protocol.Http;

/// <summary>
/// Incremental parser of HTTP/1.x request heads (RFC 9112), strict where leniency lets two parsers disagree. CPU is
/// linear in the bytes received whatever their segments; memory is bounded by the limits. Not thread-safe.
/// </summary>
public sealed class RequestHeadParser(HttpLimits limits)
{
    private LineScanner _lines;
    private RequestLine? _requestLine;
    private List<HttpHeader> _headers = [];
    private int _headersStart;
    private bool _skippedEmptyLine;

    /// <summary>The answer to give once <see cref="Parse"/> said <see cref="HttpParseStatus.Refused"/>.</summary>
    public HttpRefusal Refusal { get; private set; }

    /// <summary>Looks at what is new in <paramref name="buffer"/>.</summary>
    /// <param name="buffer">All bytes received so far, from the first byte of the head.</param>
    /// <param name="head">The head when complete; the parser then stands at the start of a next one.</param>
    /// <param name="consumed">Bytes of the head when complete, else 0.</param>
    public HttpParseStatus Parse(ReadOnlySpan<byte> buffer, out RequestHead? head, out int consumed)
    {
        head = null;
        consumed = 0;
        while (Refusal.Status == 0)
        {
            var status = _lines.Next(buffer, LineEnd, out var line);
            if (status == LineStatus.NeedMore)
            {
                return HttpParseStatus.NeedMore;
            }

            if (status != LineStatus.Line)
            {
                Refuse(status);
            }
            else if (_requestLine is null)
            {
                TakeRequestLine(line);
            }
            else if (!line.IsEmpty)
            {
                TakeHeader(line);
            }
            else if (Finish() is { } finished)
            {
                head = finished;
                consumed = _lines.Start;
                Reset();
                return HttpParseStatus.Complete;
            }
        }

        return HttpParseStatus.Refused;
    }

    private int LineEnd => _requestLine is null ? _lines.Start + limits.RequestLine + 2 : _headersStart + limits.HeaderBytes;

    private void Refuse(LineStatus status) => Refusal = status switch
    {
        LineStatus.Malformed => new HttpRefusal(400, "Control character in the request head"),
        _ when _requestLine is null => new HttpRefusal(414, "Request line too long"),
        _ => new HttpRefusal(431, "Request headers too large"),
    };

    private void TakeRequestLine(ReadOnlySpan<byte> line)
    {
        // RFC 9112 section 2.2: a server SHOULD ignore at least one empty line before the request line.
        if (line.IsEmpty && !_skippedEmptyLine)
        {
            _skippedEmptyLine = true;
            return;
        }

        _requestLine = RequestLine.Parse(line, out var refusal);
        Refusal = refusal;
        _headersStart = _lines.Start;
    }

    private void TakeHeader(ReadOnlySpan<byte> line)
    {
        if (_headers.Count == limits.HeaderCount)
        {
            Refusal = new HttpRefusal(431, "Too many request headers");
        }
        else if (HttpSyntax.TryParseHeader(line, out var header))
        {
            _headers.Add(header);
        }
        else
        {
            Refusal = new HttpRefusal(400, "Malformed header line");
        }
    }

    private RequestHead? Finish()
    {
        var head = new RequestHead(_requestLine!.Method, _requestLine.Target, _requestLine.VersionMinor, _headers);
        if (RequestRules.Violation(head) is { } violation)
        {
            Refusal = new HttpRefusal(400, violation);
            return null;
        }

        return head;
    }

    private void Reset()
    {
        _lines = default;
        _requestLine = null;
        _headers = [];
        _skippedEmptyLine = false;
    }
}

/// <summary>What a head parser says about the bytes it was shown.</summary>
public enum HttpParseStatus
{
    /// <summary>No fault so far; call again with the same bytes and more behind them.</summary>
    NeedMore,

    /// <summary>The head is whole.</summary>
    Complete,

    /// <summary>The head cannot become valid whatever follows; the connection is answered and closed.</summary>
    Refused,
}

/// <summary>Why a head was refused: the status to answer (400, 414, 431, 505) and a text for people. Status 0: not refused.</summary>
public readonly record struct HttpRefusal(int Status, string Reason);
