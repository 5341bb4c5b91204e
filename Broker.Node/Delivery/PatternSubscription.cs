using Broker.Node.Configuration.Options;
using Broker.Node.Topics;
using Broker.Protocol.Wire;

namespace Broker.Node.Delivery;

/// <summary>
/// A connection's subscription to a pattern. Any lane may have a topic that the pattern matches, so every lane has a cursor of it.
/// </summary>
/// <remarks>
/// The lanes open their cursors one by one, and what a cursor has is not written before all are open and <c>subscribed</c> is
/// queued: until then the cursors keep it.
/// </remarks>
internal sealed class PatternSubscription
{
    private readonly CursorGate _gate = new();
    private bool _isRefused;

    /// <param name="writer">The connection's.</param>
    /// <param name="pattern">UTF-8, legal.</param>
    /// <param name="form">What the connection takes.</param>
    /// <param name="lanes">Of the node.</param>
    /// <param name="isSequenced">It may match topics with one order for all.</param>
    public PatternSubscription(ConnectionWriter writer, byte[] pattern, PushForm form, int lanes, bool isSequenced)
    {
        (Writer, Pattern) = (writer, pattern);

        // The number of a lane is a hash that belongs to it.
        Cursors = [.. Enumerable.Range(0, lanes).Select(lane => new Subscription(writer, pattern, (uint)lane) { Form = form, Slow = SlowPolicy.Disconnect, Gate = _gate, IsSequenced = isSequenced })];
    }

    public ConnectionWriter Writer { get; }

    /// <summary>As the client wrote it, UTF-8.</summary>
    public byte[] Pattern { get; }

    /// <summary>One for each lane, in their order; each belongs to its lane.</summary>
    public IReadOnlyList<Subscription> Cursors { get; }

    public WireFormat Format => Cursors[0].Form.Format;

    /// <summary>A lane did not open its cursor: no other opens one any more, and nothing is ever written.</summary>
    public bool IsRefused
    {
        get => Volatile.Read(ref _isRefused);
        set => Volatile.Write(ref _isRefused, value);
    }

    /// <summary>Once all cursors are open and <c>subscribed</c> is queued: what they kept is written. Who calls it has the writer drained.</summary>
    public void Show()
    {
        _gate.Open();
        foreach (var cursor in Cursors)
        {
            cursor.MarkDirty();
        }
    }

    /// <summary>What stands for something lost, of a topic or of a pattern.</summary>
    public static GapMessage GapOf(byte[] topic) => new(topic) { Pattern = TopicPattern.HasWildcard(topic) ? topic : default };
}
