using System.Text;

namespace Broker.Tests.Support;

/// <summary>Keeps what is written to it; each write ends at once, when a test says so, or with a failure.</summary>
internal sealed class FakeStream : Stream
{
    public List<string> Writes { get; } = [];

    /// <summary>Ends the writes.</summary>
    public TaskCompletionSource? Pending { get; init; }

    public Exception? Failure { get; init; }

    /// <summary>The failure is thrown, not returned.</summary>
    public bool Throws { get; init; }

    public override bool CanRead => false;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Throws)
        {
            throw Failure!;
        }

        Writes.Add(Encoding.UTF8.GetString(buffer.Span));
        return Failure is { } failure ? ValueTask.FromException(failure)
            : Pending is { } pending ? new ValueTask(pending.Task)
            : ValueTask.CompletedTask;
    }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
