using System.Text;
using Broker.Node.Sequenced;

namespace Broker.Tests.Sequenced.Model;

/// <summary>
/// Everything that clients of the model saw, and whether it may be so: one order for all (I1), nothing skipped unsaid (I2), an epoch ends
/// before what it had is taken back (I12), a publisher's order (I17), each publish once, and none seen that was refused.
/// </summary>
internal sealed class ModelHistory
{
    private readonly Dictionary<(ulong Epoch, long Sequence), string> _sequences = [];
    private readonly Dictionary<(ulong Epoch, string Topic, long Offset), string> _offsets = [];
    private readonly Dictionary<string, (ulong Epoch, long Offset)> _seen = [];
    private readonly Dictionary<LaneId, (ulong Epoch, long Sequence)?> _positions = [];
    private readonly Dictionary<string, string> _topics = [];
    private readonly Dictionary<string, (ulong Epoch, long Offset)> _acknowledged = [];
    private readonly Dictionary<(LaneId Node, ulong Epoch, string Topic), (int Call, long Offset)> _order = [];
    private readonly HashSet<string> _refused = [];
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Faults => _faults;

    public bool IsAcknowledged(string id) => _acknowledged.ContainsKey(id);

    public int Acknowledged => _acknowledged.Count;

    public int Deliveries { get; private set; }

    /// <summary>The highest sequence that anybody saw of an epoch.</summary>
    public Dictionary<ulong, long> Visible { get; } = [];

    public void Require(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.Add(fault);
        }
    }

    public void Published(string topic, string id) => _topics.Add(id, topic);

    public void Watched(ModelNode node) => _positions[node.Lane] = null;

    public void Interested(ModelNode node, ulong epoch, long sequence)
    {
        if (_positions.GetValueOrDefault(node.Lane) is { } position)
        {
            Require(position == (epoch, sequence), $"I2: {node.Lane} goes on at {epoch:x}:{sequence} unsaid, from {position.Epoch:x}:{position.Sequence}");
        }

        _positions[node.Lane] = (epoch, sequence);
    }

    public void Gap(ModelNode node, ulong epoch, long sequence) => _positions[node.Lane] = (epoch, sequence);

    public void Delivered(ModelNode node, ulong epoch, PartitionEntry entry)
    {
        Deliveries++;
        Require(_positions.GetValueOrDefault(node.Lane) == (epoch, entry.Sequence - 1), $"I2: {node.Lane} saw {epoch:x}:{entry.Sequence} behind {_positions.GetValueOrDefault(node.Lane)}");
        _positions[node.Lane] = (epoch, entry.Sequence);
        Visible[epoch] = Math.Max(Visible.GetValueOrDefault(epoch), entry.Sequence);
        See(epoch, entry, $"{node.Lane}");
    }

    public void Ended(ModelNode node, string id, PublishEnd end, ulong epoch, long offset)
    {
        if (end == PublishEnd.Unavailable)
        {
            Require(!_seen.ContainsKey(id), $"I7: {id} was seen, and refused");
            _refused.Add(id);
        }

        if (end != PublishEnd.Published)
        {
            return;
        }

        _acknowledged.Add(id, (epoch, offset));
        var call = int.Parse(id[(id.IndexOf('-', StringComparison.Ordinal) + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        var key = (node.Lane, epoch, _topics[id]);
        if (_order.TryGetValue(key, out var last))
        {
            Require(call > last.Call == offset > last.Offset, $"I17: {id} at {offset}, call {last.Call} at {last.Offset}");
        }

        _order[key] = (call, offset);
        Same((epoch, _topics[id], offset), id, "its publisher");
    }

    /// <summary>The log that is there at last has all that was seen or acknowledged in its epoch.</summary>
    public void End(PartitionLog log)
    {
        for (var sequence = log.Start + 1; sequence <= log.End; sequence++)
        {
            See(log.Epoch, log[sequence], "the log at last");
        }

        Require(Visible.GetValueOrDefault(log.Epoch) <= log.End, $"I12: {Visible.GetValueOrDefault(log.Epoch)} was seen of {log.Epoch:x}, which ends at {log.End}");
        foreach (var (id, (epoch, offset)) in _acknowledged.Where(one => one.Value.Epoch == log.Epoch))
        {
            Require(_seen.GetValueOrDefault(id) == (epoch, offset), $"lost: {id} was acknowledged at {epoch:x}:{offset}");
        }
    }

    private void See(ulong epoch, PartitionEntry entry, string who)
    {
        var id = Encoding.UTF8.GetString(entry.Forward.Payload.Span);
        Require(_sequences.TryAdd((epoch, entry.Sequence), id) || _sequences[(epoch, entry.Sequence)] == id, $"I1: {who} saw {id} at {epoch:x}:{entry.Sequence}, others {_sequences[(epoch, entry.Sequence)]}");
        if (entry.Forward.Topic is not { } topic)
        {
            return;
        }

        Require(!_refused.Contains(id), $"I7: {id} was refused, and seen");
        Require(_seen.TryAdd(id, (epoch, entry.Offset)) || _seen[id] == (epoch, entry.Offset), $"twice: {id} at {epoch:x}:{entry.Offset} and {_seen[id]}");
        Same((epoch, topic, entry.Offset), id, who);
    }

    private void Same((ulong Epoch, string Topic, long Offset) position, string id, string who) =>
        Require(_offsets.TryAdd(position, id) || _offsets[position] == id, $"I1: {who} knows {id} at {position}, others {_offsets[position]}");
}
