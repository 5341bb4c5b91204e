using System.Diagnostics.CodeAnalysis;

namespace Broker.Node.Delivery;

/// <summary>
/// What a subscriber has missed, written before its cursor moves: pages that its lane gives, the next one only when one has been taken,
/// so that who takes nothing keeps one page.
/// </summary>
/// <param name="more">Asks the lane for the next page; called by the holder of the writer, once for each.</param>
internal sealed class Replay(Action more)
{
    private LogSegment? _page;
    private LogSegment? _given;
    private int _offset;
    private bool _isAsked;
    private bool _isLast;
    private bool _isOver;

    /// <summary>Everything was taken.</summary>
    public bool IsOver => Volatile.Read(ref _isOver);

    /// <summary>Holder only: there is something to be written now.</summary>
    public bool HasMore => _page is not null || Volatile.Read(ref _given) is not null;

    /// <summary>Lane only: the page that was asked for, or the first.</summary>
    /// <param name="page">Linked segments with something in each; null: nothing.</param>
    /// <param name="isLast">Whether the log follows.</param>
    public void Give(LogSegment? page, bool isLast)
    {
        Volatile.Write(ref _isLast, isLast);
        if (page is null)
        {
            Volatile.Write(ref _isOver, isLast);
        }

        Volatile.Write(ref _given, page);
    }

    /// <summary>Holder of the writer only.</summary>
    public bool TryPeek([NotNullWhen(true)] out LogSegment? segment, out int start, out int end)
    {
        if (_page is null && (_page = Interlocked.Exchange(ref _given, null)) is not null)
        {
            (_offset, _isAsked) = (0, false);
        }

        (segment, start, end) = (_page, _offset, _page?.Head ?? 0);
        return segment is not null;
    }

    /// <summary>Holder of the writer only: something was taken. False: it is nothing of this.</summary>
    public bool Advance(LogSegment segment, int end)
    {
        if (!ReferenceEquals(segment, _page))
        {
            return false;
        }

        _offset = end;
        if (end == segment.Head)
        {
            (_page, _offset) = (segment.Next, 0);
            if (_page is null)
            {
                OnPageTaken();
            }
        }

        return true;
    }

    private void OnPageTaken()
    {
        if (Volatile.Read(ref _isLast))
        {
            Volatile.Write(ref _isOver, true);
        }
        else if (!_isAsked)
        {
            _isAsked = true;
            more();
        }
    }
}
