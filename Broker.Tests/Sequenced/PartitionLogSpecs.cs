using System.Text;
using Broker.Node.Sequenced;
using Broker.Node.Topics;

namespace Broker.Tests.Sequenced;

public sealed class PartitionLogSpecs
{
    private static readonly LaneId One = new(1, 1);
    private static readonly LaneId Two = new(2, 1);
    private static readonly byte[] A = [(byte)'a'];

    [Fact]
    public void Truncating_undoes_offsets_numbers_and_sections()
    {
        var log = Of(("a", One, 1), ("b", One, 1), ("a", Two, 2));
        log.Truncate(1);

        Assert.Equal((1L, 1L, null), (log.End, log.Taken(One), log.Taken(Two)));
        Assert.Equal([new LogSection(Number(1), 1)], log.Sections);
        Assert.Equal((2L, 2L), (log.Append(Number(3), new Forward(Two, 1, A), 0).Sequence, log.Find(2)!.Offset));
    }

    [Theory]
    [InlineData("1 1 2", "1 1 2", 3)]
    [InlineData("1 1 2", "1 1 2 2", 3)]
    [InlineData("1 1 2", "1 1 3", 2)]
    [InlineData("1 1 1", "1 1 2", 2)]
    [InlineData("1", "2", 0)]
    [InlineData("", "1", 0)]
    public void Logs_are_the_same_up_to_the_last_entry_of_one_generation(string one, string other, long common)
    {
        Assert.Equal(common, PartitionLog.Common(Generations(one).Sections, Generations(other).Sections));
        Assert.Equal(common, PartitionLog.Common(Generations(other).Sections, Generations(one).Sections));
    }

    [Fact]
    public void An_entry_that_is_not_behind_all_others_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Of(("a", One, 1)).Append(new PartitionEntry(1, Number(1), 2, new Forward(One, 2, A))));

    private static Generation Number(long number) => new(number, One);

    private static PartitionLog Generations(string numbers) =>
        Of([.. numbers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static number => ("a", One, long.Parse(number, System.Globalization.CultureInfo.InvariantCulture)))]);

    private static PartitionLog Of(params (string Topic, LaneId Origin, long Generation)[] entries)
    {
        var log = new PartitionLog(new TopicSettings([]), new HistoryBudget(100, long.MaxValue, long.MaxValue, 100));
        log.Reset(1, 0);
        foreach (var (topic, origin, generation) in entries)
        {
            log.Append(Number(generation), new Forward(origin, (log.Taken(origin) ?? 0) + 1, Encoding.UTF8.GetBytes(topic)), 0);
        }

        return log;
    }
}
