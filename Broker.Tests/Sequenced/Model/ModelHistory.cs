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
    private readonly Dictionary<(LaneId Node, string Topic), long> _offsetsSeen = [];
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

    public int Recovered { get; private set; }

    public void Watched(ModelNode node)
    {
        _positions[node.Lane] = null;
        Forget(node);
    }

    /// <summary>A subscriber has all up to its position by the answer, and what comes behind that live.</summary>
    public void Subscribed(ModelNode node, string topic, TopicPosition? since, TopicAnswer answer)
    {
        var offset = since?.Offset ?? 0;
        foreach (var entry in answer.Entries)
        {
            Require(entry.Offset == ++offset, $"I2: {node.Lane} got {entry.Offset} of {topic} in place of {offset}");
            See(answer.Position.Epoch, entry, $"{node.Lane}");
        }

        Require(answer.Recovered != true || offset == answer.Position.Offset, $"I4: {node.Lane} recovered {topic} up to {offset}, not {answer.Position}");
        Recovered += answer.Recovered == true ? answer.Entries.Count : 0;
        _offsetsSeen[(node.Lane, topic)] = answer.Position.Offset;
    }

    private void Forget(ModelNode node)
    {
        foreach (var key in _offsetsSeen.Keys.Where(key => key.Node == node.Lane).ToList())
        {
            _offsetsSeen.Remove(key);
        }
    }

    public void Gap(ModelNode node, ulong epoch, long sequence)
    {
        _positions[node.Lane] = (epoch, sequence);
        Forget(node);
    }

    public void Delivered(ModelNode node, ulong epoch, PartitionEntry entry)
    {
        Deliveries++;
        Require(_positions.GetValueOrDefault(node.Lane) is not { } before || before == (epoch, entry.Sequence - 1), $"I2: {node.Lane} saw {epoch:x}:{entry.Sequence} behind {_positions.GetValueOrDefault(node.Lane)}");
        _positions[node.Lane] = (epoch, entry.Sequence);
        Visible[epoch] = Math.Max(Visible.GetValueOrDefault(epoch), entry.Sequence);
        See(epoch, entry, $"{node.Lane}");
        if (entry is { IsTaken: true, Offset: > 0 } && _offsetsSeen.TryGetValue((node.Lane, Encoding.UTF8.GetString(entry.Forward.Topic!)), out var last))
        {
            Require(entry.Offset == last + 1, $"I2: {node.Lane} saw offset {entry.Offset} behind {last}");
            _offsetsSeen[(node.Lane, Encoding.UTF8.GetString(entry.Forward.Topic!))] = entry.Offset;
        }
    }

    public void Ended(ModelNode node, string id, PublishEnd end, TopicPosition position)
    {
        var (epoch, offset) = (position.Epoch, position.Offset);
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
            if (log.Find(sequence) is { } entry)
            {
                See(log.Epoch, entry, "the log at last");
            }
        }

        Require(Visible.GetValueOrDefault(log.Epoch) <= log.End, $"I12: {Visible.GetValueOrDefault(log.Epoch)} was seen of {log.Epoch:x}, which ends at {log.End}");
        foreach (var (id, (epoch, offset)) in _acknowledged.Where(one => one.Value.Epoch == log.Epoch && IsKept(log, one.Key, one.Value.Offset)))
        {
            Require(_seen.GetValueOrDefault(id) == (epoch, offset), $"lost: {id} was acknowledged at {epoch:x}:{offset}");
        }
    }

    private bool IsKept(PartitionLog log, string id, long offset) =>
        log.Topics.TryGetValue(Encoding.UTF8.GetBytes(_topics[id]), out var topic) && topic.FirstOffset > 0 && offset >= topic.FirstOffset;

    private void See(ulong epoch, PartitionEntry entry, string who)
    {
        var id = Encoding.UTF8.GetString(entry.Forward.Payload.Span);
        Require(_sequences.TryAdd((epoch, entry.Sequence), id) || _sequences[(epoch, entry.Sequence)] == id, $"I1: {who} saw {id} at {epoch:x}:{entry.Sequence}, others {_sequences[(epoch, entry.Sequence)]}");
        if (entry.Forward.Topic is not { } name || entry.Offset == 0)
        {
            return;
        }

        var topic = Encoding.UTF8.GetString(name);

        Require(!_refused.Contains(id), $"I7: {id} was refused, and seen");
        Require(_seen.TryAdd(id, (epoch, entry.Offset)) || _seen[id] == (epoch, entry.Offset), $"twice: {id} at {epoch:x}:{entry.Offset} and {_seen[id]}");
        Same((epoch, topic, entry.Offset), id, who);
    }

    private void Same((ulong Epoch, string Topic, long Offset) position, string id, string who) =>
        Require(_offsets.TryAdd(position, id) || _offsets[position] == id, $"I1: {who} knows {id} at {position}, others {_offsets[position]}");
}
