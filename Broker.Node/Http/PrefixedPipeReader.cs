using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace Broker.Node.Http;

/// <summary>
/// Reads <paramref name="prefix"/> first, then <paramref name="inner"/>. When the prefix has been examined and not consumed,
/// the bytes that follow are copied behind it until it is; after that reads and positions are the inner reader's own.
/// One reader at a time, like every <see cref="PipeReader"/>.
/// </summary>
internal sealed class PrefixedPipeReader(ReadOnlyMemory<byte> prefix, PipeReader inner) : PipeReader
{
    private ReadOnlyMemory<byte> _prefix = prefix;
    private ReadOnlySequence<byte> _shown;
    private byte[] _grown = [];
    private bool _examined;
    private bool _completed;
    private bool _showing;

    public override bool TryRead(out ReadResult result)
    {
        if (_prefix.IsEmpty)
        {
            return inner.TryRead(out result);
        }

        if (!_examined)
        {
            result = Show(canceled: false);
            return true;
        }

        if (!inner.TryRead(out result))
        {
            return false;
        }

        result = Append(result);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (_prefix.IsEmpty)
        {
            return inner.ReadAsync(cancellationToken);
        }

        return _examined ? ReadMoreAsync(cancellationToken) : ValueTask.FromResult(Show(canceled: false));
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_showing)
        {
            inner.AdvanceTo(consumed, examined);
            return;
        }

        _showing = false;
        _examined = _shown.Slice(examined).IsEmpty;
        _prefix = _prefix[(int)_shown.Slice(0, consumed).Length..];
        _shown = default;
        if (_prefix.IsEmpty)
        {
            _grown = [];
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private async ValueTask<ReadResult> ReadMoreAsync(CancellationToken cancellationToken) => Append(await inner.ReadAsync(cancellationToken));

    private ReadResult Append(ReadResult more)
    {
        var added = checked((int)more.Buffer.Length);
        if (added > 0)
        {
            var room = Grow(added);
            more.Buffer.CopyTo(room);
        }

        inner.AdvanceTo(more.Buffer.End);
        _completed = more.IsCompleted;
        return Show(more.IsCanceled);
    }

    /// <summary>Room for <paramref name="added"/> bytes behind the prefix; doubles, so that single bytes do not cost a copy of everything each.</summary>
    private Span<byte> Grow(int added)
    {
        var length = _prefix.Length;
        var start = 0;
        if (MemoryMarshal.TryGetArray(_prefix, out var segment) && ReferenceEquals(segment.Array, _grown))
        {
            start = segment.Offset;
        }

        if (_grown.Length == 0 || start + length + added > _grown.Length)
        {
            var larger = new byte[Math.Max(2 * length, length + added)];
            _prefix.CopyTo(larger);
            _grown = larger;
            start = 0;
        }

        _prefix = _grown.AsMemory(start, length + added);
        return _grown.AsSpan(start + length, added);
    }

    private ReadResult Show(bool canceled)
    {
        _showing = true;
        _shown = new ReadOnlySequence<byte>(_prefix);
        return new ReadResult(_shown, canceled, _completed);
    }
}
