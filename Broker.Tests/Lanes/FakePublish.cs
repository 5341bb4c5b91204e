using System.Text;
using Broker.Node.Lanes;

namespace Broker.Tests.Lanes;

/// <summary>A publish whose payload is its text.</summary>
internal sealed class FakePublish(string topic, string payload, uint hash = 0) : LaneCommand
{
    private readonly byte[] _topic = Encoding.UTF8.GetBytes(topic);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _completions;

    public byte[] Payload { get; } = Encoding.UTF8.GetBytes(payload);

    public override uint TopicHash => hash;

    public override ReadOnlySpan<byte> Topic => _topic;

    public Task Completed => _completed.Task;

    public int Completions => Volatile.Read(ref _completions);

    public bool IsRefused { get; set; }

    public bool IsDisowned { get; private set; }

    public override void Disown() => IsDisowned = true;

    public override void Complete()
    {
        Interlocked.Increment(ref _completions);
        _completed.TrySetResult();
    }
}
