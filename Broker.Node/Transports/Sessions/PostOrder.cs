namespace Broker.Node.Transports.Sessions;

/// <summary>
/// Takes what a client posts in the order of its numbers, each once: a post that was sent again is answered and not taken again, one that
/// came too early waits for those before it, one for which there is no room waits for that. Thread-safe.
/// </summary>
/// <param name="first">Number of the first post.</param>
/// <param name="take">Takes one; false: there is no room now. Called under a lock.</param>
/// <param name="isOver">Nothing is taken any more.</param>
/// <param name="time">Clock of waiting.</param>
internal sealed class PostOrder(long first, Func<ReadOnlyMemory<byte>, bool> take, Func<bool> isOver, TimeProvider time)
{
    /// <summary>Posts that wait.</summary>
    public const int MaxWaiting = 16;

    /// <summary>How long one waits.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private long _next = first;
    private int _waiting;
    private TaskCompletionSource? _changed;

    /// <summary>Something has changed for those that wait: there is room, or nothing is taken any more.</summary>
    public void Signal()
    {
        TaskCompletionSource? changed;
        lock (_gate)
        {
            (changed, _changed) = (_changed, null);
        }

        changed?.TrySetResult();
    }

    /// <param name="number">Of the post.</param>
    /// <param name="body">Of the post.</param>
    /// <param name="gone">Nobody waits for the answer.</param>
    public async Task<SessionAnswer> PostAsync(long number, ReadOnlyMemory<byte> body, CancellationToken gone)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            var left = gone.IsCancellationRequested ? TimeSpan.Zero : Patience - time.GetElapsedTime(begun);
            if (Try(number, body, left > TimeSpan.Zero, out var changed) is { } answer)
            {
                // Those behind it may be waiting.
                Signal();
                return answer;
            }

            await changed!.WaitAsync(left, time, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (_gate)
            {
                _waiting--;
            }
        }
    }

    /// <returns>Null: it is to wait for <paramref name="changed"/>, and counts among those that do.</returns>
    private SessionAnswer? Try(long number, ReadOnlyMemory<byte> body, bool mayWait, out Task? changed)
    {
        changed = null;
        lock (_gate)
        {
            if (number < _next)
            {
                return SessionAnswer.Taken;
            }

            if (isOver())
            {
                return SessionAnswer.Gone;
            }

            if (number == _next && take(body))
            {
                _next++;
                return SessionAnswer.Taken;
            }

            if (!mayWait || _waiting >= MaxWaiting)
            {
                return number == _next
                    ? SessionAnswer.Refused(503, "There is no room for more now: post the same again.")
                    : SessionAnswer.Refused(409, $"The next post of this session is number {_next}.");
            }

            _waiting++;
            changed = (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            return null;
        }
    }
}
