using System.Text;
using System.Threading.Channels;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Protocol.Wire;

namespace Broker.Tests.Lanes;

/// <summary>Logs of a lane as a channel of lines: <c>topic=payload</c> for what arrives from other nodes, <c>gap</c> for gaps.</summary>
internal sealed class FakeLaneTopics : ILaneTopics
{
    public const string Gap = "gap";
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private volatile TaskCompletionSource? _hold;
    private int _executed;
    private int _refused;
    private int _left;
    private int _flushes;

    public int Count => 1;

    public int Executed => Volatile.Read(ref _executed);

    public int Refused => Volatile.Read(ref _refused);

    public bool HasLeaving { get; set; }

    public int Left => Volatile.Read(ref _left);

    /// <summary>How many had left when the last command was executed.</summary>
    public int LeftAtLast { get; private set; }

    public bool HadLeavingAtLast { get; private set; }

    public int Flushes => Volatile.Read(ref _flushes);

    public ChannelReader<string> Lines => _lines.Reader;

    /// <summary>The next command waits for this, and with it its lane.</summary>
    public TaskCompletionSource Hold()
    {
        Held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _hold = new TaskCompletionSource();
    }

    /// <summary>Set when a command waits.</summary>
    public TaskCompletionSource Held { get; private set; } = new();

    public LogEntry Execute(LaneCommand command)
    {
        if (_hold is { } hold)
        {
            _hold = null;
            Held.SetResult();
            hold.Task.Wait();
        }

        (LeftAtLast, HadLeavingAtLast) = (Left, HasLeaving);
        Interlocked.Increment(ref _executed);
        var publish = (FakePublish)command;
        return publish.Payload.AsSpan().SequenceEqual("fail"u8) ? throw new InvalidOperationException("seeded failure") : new LogEntry(publish.Payload, WireFormat.Json);
    }

    public void Refuse(LaneCommand command)
    {
        ((FakePublish)command).IsRefused = true;
        Interlocked.Increment(ref _refused);
    }

    public void Leave(Subscription subscription) => Interlocked.Increment(ref _left);

    public void AppendRemote(ReadOnlySpan<byte> topic, in LogEntry entry) =>
        _lines.Writer.TryWrite($"{Encoding.UTF8.GetString(topic)}={Encoding.UTF8.GetString(entry.Payload)}");

    public void AppendGap() => _lines.Writer.TryWrite(Gap);

    public void Recount()
    {
    }

    public void Flush(Func<bool>? othersFollow = null) => Interlocked.Increment(ref _flushes);
}
