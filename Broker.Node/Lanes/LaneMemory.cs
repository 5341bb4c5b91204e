using Broker.Node.Delivery;
using Broker.Node.Diagnostics;

namespace Broker.Node.Lanes;

/// <summary>
/// Counts what one lane's logs keep for lagging cursors, and cuts the worst of them while the node is over its bound; has logs
/// rest that are still. Single-threaded: its lane only.
/// </summary>
/// <remarks>
/// Only logs that do not rest are looked at: no other can lag. The worst lag of the node is cut first: a lane that finds the bound
/// passed and a worse lag in another asks that one and cuts nothing itself. Whoever is asked counts first, so a number that was
/// out of date is corrected instead of cut.
/// </remarks>
internal sealed class LaneMemory
{
    private readonly LogMemory _node;
    private readonly int _lane;
    private readonly BrokerMetrics _metrics;
    private readonly List<TopicLog> _watched = [];
    private readonly PriorityQueue<TopicLog, long> _worst = new();
    private long _appended;
    private long _kept;

    public LaneMemory(LogMemory node, int lane, BrokerMetrics metrics)
    {
        (_node, _lane, _metrics) = (node, lane, metrics);

        // What a predecessor that failed reported goes with its connections.
        node.Report(lane, 0, 0);
    }

    /// <summary>Enough was appended to be worth a count, or another lane waits for one.</summary>
    public bool IsDue => _appended >= _node.CountAfter || _node.IsAsked(_lane);

    public void Appended(int bytes) => _appended += bytes;

    /// <summary>It was appended to.</summary>
    public void Watch(TopicLog log)
    {
        if (!log.Watched)
        {
            log.Watched = true;
            _watched.Add(log);
        }
    }

    /// <summary>Counts, and cuts what has to go; connections whose cursors leave what rests are in <paramref name="batch"/>.</summary>
    public void Settle(DrainBatch batch)
    {
        _node.Answer(_lane);
        Count(batch);
        while (_node.Total - _node.Bound is > 0 and var excess)
        {
            var lag = _worst.TryPeek(out var log, out var order) ? -order : 0;
            var (other, otherLag) = _node.WorstBeside(_lane);
            if (otherLag > lag)
            {
                _node.Ask(other);
                break;
            }

            if (log is null)
            {
                break;
            }

            _worst.Dequeue();
            var nextLag = _worst.TryPeek(out _, out order) ? Math.Max(-order, otherLag) : otherLag;
            Cut(log, lag, Math.Max(nextLag, lag - excess + 1));
        }

        _worst.Clear();
    }

    private void Count(DrainBatch batch)
    {
        (_appended, _kept) = (0, 0);
        for (var i = _watched.Count - 1; i >= 0; i--)
        {
            var log = _watched[i];
            var kept = log.Kept(skipping: true);
            if (kept > 0)
            {
                _kept += kept;
                _worst.Enqueue(log, -kept);
            }
            else if (log.TryRest(batch))
            {
                log.Watched = false;
                _watched[i] = _watched[^1];
                _watched.RemoveAt(_watched.Count - 1);
            }
        }

        Report();
    }

    /// <param name="log">The one that keeps most.</param>
    /// <param name="before">What it keeps.</param>
    /// <param name="lag">Whoever lags so much or more is cut.</param>
    private void Cut(TopicLog log, long before, long lag)
    {
        var (closed, asked) = log.Cut(lag);

        // Who was asked to skip is given until the next count.
        var kept = log.Kept(skipping: false);
        _kept += kept - before;
        if (asked > 0)
        {
            _metrics.Skipped(log.Slow, asked);
        }

        if (closed + asked > 0)
        {
            _metrics.MemoryCut(log.Slow, closed + asked);
            if (kept > 0)
            {
                _worst.Enqueue(log, -kept);
            }
        }

        Report();
    }

    private void Report() => _node.Report(_lane, _kept, _worst.TryPeek(out _, out var order) ? -order : 0);
}
