using System.Runtime.CompilerServices;

namespace Broker.Node.Http;

/// <summary>
/// The stream of a WebSocket that Kestrel answered. Disposing it ends a pending read, as closing a socket would; a write that is
/// still pending then, or left bytes that the client does not take, must not hold the connection: <paramref name="abort"/>
/// cuts it. One reader and one writer at a time.
/// </summary>
/// <remarks>
/// Kestrel uses what is below for another request when this one is over. So the request waits for <see cref="WhenLeft"/>: whoever was
/// below has left by then, and nobody enters any more.
/// </remarks>
internal sealed class TakenBackStream(Stream inner, Action abort) : Stream
{
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _writing;
    private int _disposed;

    /// <summary>Who may use what is below: reads and writes under way, and this stream until it is disposed of.</summary>
    private int _holders = 1;

    /// <summary>Completes when it has been disposed of and nothing uses what is below any more.</summary>
    public Task WhenLeft => _left.Task;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Enter();
        try
        {
            return cancellationToken.CanBeCanceled ? await ReadLinkedAsync(buffer, cancellationToken) : await inner.ReadAsync(buffer, _closed.Token);
        }
        finally
        {
            Leave();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Enter();
        Interlocked.Increment(ref _writing);
        try
        {
            // Again: who disposes of it has not seen this write, or is seen here.
            ThrowIfDisposed();
            await inner.WriteAsync(buffer, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _writing);
            Leave();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            if (Volatile.Read(ref _writing) != 0)
            {
                abort();
            }

            _closed.Cancel();
            Leave();
        }

        base.Dispose(disposing);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);

    private void Enter()
    {
        ThrowIfDisposed();
        int holders;
        do
        {
            holders = Volatile.Read(ref _holders);
            ObjectDisposedException.ThrowIf(holders == 0, this);
        }
        while (Interlocked.CompareExchange(ref _holders, holders + 1, holders) != holders);
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _left.SetResult();
        }
    }

    private async ValueTask<int> ReadLinkedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        return await inner.ReadAsync(buffer, linked.Token);
    }
}
