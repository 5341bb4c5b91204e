using System.Buffers;
using System.IO.Pipelines;
using Broker.Protocol.Http;

namespace Broker.Node.Http;

/// <summary>
/// What Kestrel reads of a connection: every request head goes through <see cref="RequestHeadParser"/> first, so that a request
/// is judged by the same rules wherever it stands. Of a head that is refused Kestrel sees <see cref="StandIn"/> instead, which
/// <see cref="UpgradeTakeBack"/> answers with <see cref="Refusal"/>. One reader at a time, like every <see cref="PipeReader"/>.
/// </summary>
/// <remarks>
/// Kestrel is shown nothing beyond the end of the request that it is at, so a next head is parsed when Kestrel asks for it: after
/// its answer to the request before. Should Kestrel see another end than <see cref="BodyFraming"/>, the connection is at its end.
/// </remarks>
internal sealed class RequestGuard(PipeReader inner, HttpLimits limits) : PipeReader
{
    /// <summary>Shown while a head is incomplete: Kestrel's time-out for heads begins with the first byte.</summary>
    private static readonly ReadOnlySequence<byte> FirstByte = new("G"u8.ToArray());

    private static readonly ReadOnlySequence<byte> StandIn = new("OPTIONS * HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"u8.ToArray());

    /// <summary>Behind the byte that makes a chunked body malformed: Kestrel takes it for no chunk, extension or trailer, and answers 400.</summary>
    private static ReadOnlySpan<byte> NoChunk => "\0\0\0\0\r\n"u8;

    private readonly RequestHeadParser _parser = new(limits);
    private ArrayBufferWriter<byte>? _segments;
    private BodyFraming _body;
    private ReadOnlySequence<byte> _shown;
    private bool _showsFirstByte;
    private bool _open;

    /// <summary>Bytes at the start of the inner reader that belong to the request that Kestrel is at.</summary>
    private long _followed;

    /// <summary>The guard's own bytes, after which Kestrel sees the input's end; null while there are those of the inner reader.</summary>
    private ReadOnlySequence<byte>? _last;

    private bool _lastSeen;

    /// <summary>The head of the request that Kestrel is at, as it came; null before the first.</summary>
    public RequestHead? Head { get; private set; }

    /// <summary>What is wrong with the request that Kestrel is at; null while it is sound.</summary>
    public HttpRefusal? Refusal { get; private set; }

    /// <summary>The connection is no longer HTTP: from now on the bytes go through as they are. Called between two reads.</summary>
    public void Open() => _open = true;

    public override bool TryRead(out ReadResult result)
    {
        if (_last is not null)
        {
            result = ShowLast(isCanceled: false);
            return true;
        }

        if (!inner.TryRead(out var read))
        {
            result = default;
            return false;
        }

        result = Show(read);
        return true;
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _last is null ? Show(await inner.ReadAsync(cancellationToken)) : ShowLast(isCanceled: false);

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_last is { } last)
        {
            (_last, _lastSeen) = (last.Slice(consumed), last.Slice(examined).IsEmpty);
        }
        else if (_open)
        {
            inner.AdvanceTo(consumed, examined);
        }
        else if (!_showsFirstByte)
        {
            _followed -= _shown.Slice(0, consumed).Length;
            if (_body.IsDone && _followed > 0 && _shown.Slice(examined).IsEmpty)
            {
                // Who has looked at all of a request and wants more of it sees another end than there is.
                End(default);
            }
            else
            {
                inner.AdvanceTo(consumed, examined);
            }
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private ReadResult Show(ReadResult read)
    {
        _showsFirstByte = false;
        if (_open)
        {
            return read;
        }

        var buffer = read.Buffer;
        if (_followed == 0 && _body.IsDone && !buffer.IsEmpty && ParseHead(buffer) is { } early)
        {
            return Kept(read, early);
        }

        _followed += _body.Follow(buffer.Slice(_followed));
        _shown = buffer.Slice(0, _followed);
        if (!_body.IsMalformed)
        {
            return new ReadResult(_shown, read.IsCanceled, read.IsCompleted && _followed == buffer.Length);
        }

        byte[] malformed = [.. _shown.ToArray(), .. NoChunk];
        inner.AdvanceTo(buffer.End);
        End(new ReadOnlySequence<byte>(malformed));
        return ShowLast(read.IsCanceled);
    }

    private void End(ReadOnlySequence<byte> last) => (_last, _lastSeen) = (last, last.IsEmpty);

    private ReadResult ShowLast(bool isCanceled) => new(_last!.Value, isCanceled, isCompleted: _lastSeen);

    /// <summary>Null when the head is complete, and <see cref="_followed"/> its length.</summary>
    private HttpParseStatus? ParseHead(ReadOnlySequence<byte> buffer)
    {
        var status = _parser.Parse(Contiguous(buffer), out var head, out var consumed);
        if (status != HttpParseStatus.Complete)
        {
            return status;
        }

        (Head, _body, _followed, _segments) = (head, BodyFraming.Of(head!), consumed, null);
        return null;
    }

    /// <summary>The bytes stay with the inner reader; Kestrel sees something of the guard's own, or nothing.</summary>
    private ReadResult Kept(ReadResult read, HttpParseStatus status)
    {
        var buffer = read.Buffer;
        if (status == HttpParseStatus.Refused)
        {
            Refusal = _parser.Refusal;
            inner.AdvanceTo(buffer.End);
            End(StandIn);
            return ShowLast(read.IsCanceled);
        }

        inner.AdvanceTo(buffer.Start, buffer.End);
        _showsFirstByte = true;
        return new ReadResult(read.IsCompleted ? default : FirstByte, read.IsCanceled, read.IsCompleted);
    }

    /// <summary>All of <paramref name="buffer"/> in one piece; of segments each byte is copied once.</summary>
    private ReadOnlySpan<byte> Contiguous(ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsSingleSegment && _segments is null)
        {
            return buffer.FirstSpan;
        }

        _segments ??= new ArrayBufferWriter<byte>();
        foreach (var segment in buffer.Slice(_segments.WrittenCount))
        {
            _segments.Write(segment.Span);
        }

        return _segments.WrittenSpan;
    }
}
