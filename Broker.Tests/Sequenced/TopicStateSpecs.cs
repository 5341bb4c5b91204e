using System.Globalization;
using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Tests.Sequenced;

/// <summary>What a log keeps of topics, and what who takes it over by its entries has.</summary>
public sealed class TopicStateSpecs
{
    private static readonly LaneId Origin = new(1, 1);
    private static readonly Generation Number = new(1, Origin);
    private static readonly TopicSettings Topics = new(
    [
        new TopicOptions { Match = "map", Delivery = DeliveryKind.Sequenced, Keep = KeepPolicy.Latest, History = new HistoryOptions { Size = 3, Ttl = TimeSpan.FromSeconds(100) } },
        new TopicOptions { Match = "few", Delivery = DeliveryKind.Sequenced, History = new HistoryOptions { Size = 3, Ttl = TimeSpan.FromSeconds(100) } },
        new TopicOptions { Match = "none", Delivery = DeliveryKind.Sequenced },
    ]);

    private readonly HistoryBudget _budget = new(100, long.MaxValue, 100_000, 2) { Window = 0 };
    private readonly PartitionLog _log;
    private long _number;

    public TopicStateSpecs()
    {
        _log = new PartitionLog(Topics, _budget);
        _log.Reset(9, 0);
    }

    [Fact]
    public void A_history_keeps_its_newest_and_the_log_a_stub_of_what_counts()
    {
        for (var i = 0; i < 10; i++)
        {
            Publish("few", i);
            Publish("none", i);
        }

        Settle();

        Assert.Equal(["few 8", "few 9", "few 10"], Read("few"));
        Assert.Equal(10, State("none").Offset);

        // Three messages of the one, the stub of the other, which is the last of its origin and generation as well.
        Assert.Equal([15L, 17, 19, 20], _log.After(0, 100, int.MaxValue).Select(static entry => entry.Sequence));
    }

    [Fact]
    public void Who_takes_the_entries_of_a_log_has_its_state()
    {
        for (var i = 0; i < 10; i++)
        {
            Publish("few", i);
            Publish("none", i);
            Publish("map", i, $"e{i % 3}");
            Own(ForwardKind.Join, "none", $"u{i}");
        }

        Remove("map", "e1");
        Own(ForwardKind.Leave, "none", "u3");
        Settle();
        var other = new PartitionLog(Topics, new HistoryBudget(100, long.MaxValue, 100_000, 2) { Window = 0 });
        other.Reset(9, 0);
        foreach (var entry in _log.After(0, 1000, int.MaxValue))
        {
            other.Append(entry);
        }

        Assert.Equal((_log.End, _log.Taken(Origin)), (other.End, other.Taken(Origin)));
        Assert.Equal(_log.Sections, other.Sections);
        foreach (var topic in _log.Topics.Values)
        {
            var same = other.Topics[topic.Name];
            Assert.Equal((topic.Offset, topic.Birth, topic.Members, topic.Kept), (same.Offset, same.Birth, same.Members, same.Kept));
            Assert.Equal(topic.After(0, long.MaxValue, 0), same.After(0, long.MaxValue, 0));
            Assert.Equal(topic.Snapshot(0, withRemovals: true, long.MaxValue), same.Snapshot(0, withRemovals: true, long.MaxValue));
        }
    }

    [Fact]
    public void What_is_not_committed_replaces_nothing_for_good()
    {
        Publish("map", 1, "a");
        Own(ForwardKind.Join, "map", "u");
        Settle();
        var committed = _log.End;
        Publish("map", 2, "a");
        Remove("map", "a");
        Own(ForwardKind.Leave, "map", "u");
        Own(ForwardKind.Evict, "map", "");
        _log.Settle(committed);
        _log.Truncate(committed);

        Assert.Equal((1L, 1, 1), (State("map").Offset, State("map").Kept, State("map").Members));
        Assert.Equal(["map 1"], State("map").Snapshot(0, withRemovals: true, committed).Select(Text));
    }

    [Fact]
    public void A_snapshot_in_front_of_an_entry_that_is_not_committed_has_what_it_replaces()
    {
        Publish("map", 1, "a");
        var committed = _log.End;
        Publish("map", 2, "a");

        Assert.Equal(["map 1"], State("map").Snapshot(0, withRemovals: false, committed).Select(Text));
        Assert.Equal(["map 2"], State("map").Snapshot(0, withRemovals: false, _log.End).Select(Text));
        Assert.Equal(1, _log.OffsetOf(State("map"), committed));
    }

    [Fact]
    public void A_key_gives_the_first_offset_again_and_other_data_is_a_conflict()
    {
        var first = Append(new Forward(Origin, ++_number, Name("none")) { Key = [1], Digest = 5 });
        var same = Append(new Forward(Origin, ++_number, Name("none")) { Key = [1], Digest = 5 });
        var other = Append(new Forward(Origin, ++_number, Name("none")) { Key = [1], Digest = 6 });

        Assert.Equal([(PublishOutcome.Taken, 1L), (PublishOutcome.Repeated, 1L), (PublishOutcome.Conflict, 1L)], new[] { first, same, other }.Select(static entry => (entry.Outcome, entry.Offset)));
        Append(new Forward(Origin, ++_number, Name("none")) { Key = [2] });
        Assert.Equal(PublishOutcome.Limited, Append(new Forward(Origin, ++_number, Name("none")) { Key = [3] }).Outcome);
        Settle();
        _log.Sweep(_log.End, TopicState.KeyTime + 1);
        Assert.Equal(PublishOutcome.Taken, Append(new Forward(Origin, ++_number, Name("none")) { Key = [1], Digest = 6 }, TopicState.KeyTime + 1).Outcome);
    }

    [Fact]
    public void A_map_takes_no_entry_over_its_bound_and_conditions_are_looked_at()
    {
        Publish("map", 1, "a");
        Publish("map", 1, "b");
        Publish("map", 1, "c");
        var birth = State("map").Birth;

        Assert.Equal(PublishOutcome.Limited, Publish("map", 1, "d").Outcome);
        Assert.Equal(PublishOutcome.Taken, Publish("map", 2, "a").Outcome);
        Assert.Equal((PublishOutcome.Conflict, 4L), Judged(new TopicPosition(9, birth, 1)));
        Assert.Equal((PublishOutcome.Conflict, 4L), Judged(new TopicPosition(8, birth, 4)));
        Assert.Equal((PublishOutcome.Conflict, 4L), Judged(new TopicPosition(9, birth, 0)));
        Assert.Equal((PublishOutcome.Taken, 5L), Judged(new TopicPosition(9, birth, 4)));

        (PublishOutcome Outcome, long Offset) Judged(TopicPosition condition)
        {
            var entry = Append(new Forward(Origin, ++_number, Name("map")) { Subject = Name("a"), If = condition });
            return (entry.Outcome, entry.Offset);
        }
    }

    [Fact]
    public void An_evicted_topic_begins_another_life()
    {
        Publish("few", 1);
        Own(ForwardKind.Evict, "few", "");
        Settle();
        Assert.Empty(_log.Topics);
        Publish("few", 2);

        Assert.Equal((1L, 3L), (State("few").Offset, State("few").Birth));
        Assert.Equal(1, _budget.Topics);
    }

    [Fact]
    public void What_is_too_old_is_given_up_and_nothing_is_counted_of_it()
    {
        Publish("few", 1);
        Publish("map", 1, "a");
        Settle();
        var before = _budget.Bytes;
        Assert.Empty(State("few").After(0, long.MaxValue, 100_001));
        _log.Sweep(_log.End, 100_001);

        Assert.Equal(0, State("few").Bytes);
        Assert.True(_budget.Bytes < before);
        Assert.Single(State("map").Expired(100_001));
        _log.Reset(1, 0);
        Assert.Equal((0L, 0), (_budget.Bytes, _budget.Topics));
    }

    [Fact]
    public void A_removal_that_was_given_up_makes_a_log_that_lacks_it_begin_anew()
    {
        Own(ForwardKind.Join, "none", "u");
        Own(ForwardKind.Leave, "none", "u");
        var left = _log.End;
        Publish("none", 1);
        Publish("none", 2);
        Settle();

        Assert.Equal(left, _log.Floor);
    }

    private static byte[] Name(string text) => Encoding.UTF8.GetBytes(text);

    private TopicState State(string topic) => _log.Topics[Name(topic)];

    private IEnumerable<string> Read(string topic) => State(topic).After(0, long.MaxValue, 0).Select(Text);

    private static string Text(PartitionEntry entry) => $"{Encoding.UTF8.GetString(entry.Forward.Topic!)} {entry.Offset.ToString(CultureInfo.InvariantCulture)}";

    private PartitionEntry Publish(string topic, int data, string entry = "") =>
        Append(new Forward(Origin, ++_number, Name(topic)) { Payload = Name(data.ToString(CultureInfo.InvariantCulture)), Subject = Name(entry) });

    private void Remove(string topic, string entry) => Append(new Forward(Origin, ++_number, Name(topic)) { Kind = ForwardKind.Remove, Subject = Name(entry) });

    private void Own(ForwardKind kind, string topic, string subject) => Append(new Forward(default, 0, Name(topic)) { Kind = kind, Subject = Name(subject) });

    private PartitionEntry Append(Forward forward, long now = 0) => _log.Append(Number, forward with { Time = now }, now);

    private void Settle() => _log.Settle(_log.End);
}
