using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Protocol.Wire;

namespace Broker.Tests.Delivery;

/// <summary>A cursor that its holder moves and that is asked to skip: every step of one between two of the other.</summary>
public sealed class SubscriptionSpecs
{
    [Theory]
    [InlineData(SlowPolicy.Skip, "abc|gap|e")]
    [InlineData(SlowPolicy.Latest, "abc|d|e")]
    public void A_skip_between_peek_and_advance_doubles_nothing_and_loses_nothing_untold(SlowPolicy policy, string expected)
    {
        var (log, cursor) = Open(policy);
        Append(log, "a", "b", "c");
        Assert.True(cursor.TryPeek(out var segment, out var start, out var end));
        Append(log, "x", "d");

        Assert.True(cursor.RequestSkip());
        Assert.True(cursor.Advance(segment, end));
        var rest = Rest(cursor);
        Append(log, "e");

        Assert.Equal(expected, $"{Show(segment, start, end)}|{rest}|{Rest(cursor)}");
    }

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public void What_was_written_before_the_holder_came_to_skip_needs_no_gap(SlowPolicy policy)
    {
        var (log, cursor) = Open(policy);
        Append(log, "a", "b", "c");
        Assert.True(cursor.TryPeek(out var segment, out var start, out var end));

        Assert.True(cursor.RequestSkip());
        cursor.Advance(segment, end);
        Assert.False(cursor.TryPeek(out _, out _, out _));
        Append(log, "d");

        Assert.Equal("abc|d", $"{Show(segment, start, end)}|{Rest(cursor)}");
    }

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public void The_newest_entry_alone_is_not_skipped(SlowPolicy policy)
    {
        var (log, cursor) = Open(policy);
        Append(log, "a");
        cursor.RequestSkip();

        Assert.Equal("a", Rest(cursor));
    }

    [Theory]
    [InlineData(SlowPolicy.Skip, "gap")]
    [InlineData(SlowPolicy.Latest, "z")]
    public void However_often_it_is_asked_a_cursor_skips_once(SlowPolicy policy, string expected)
    {
        var (log, cursor) = Open(policy);
        for (var round = 0; round < 5; round++)
        {
            Append(log, "a", "b", "c");
            Assert.Equal(round == 0, cursor.RequestSkip());
        }

        Append(log, "z");

        Assert.Equal(expected, Rest(cursor));
    }

    [Theory]
    [InlineData(SlowPolicy.Skip, "gap")]
    [InlineData(SlowPolicy.Latest, "z")]
    public void A_gap_that_was_not_written_yet_is_told_once(SlowPolicy policy, string expected)
    {
        var (log, cursor) = Open(policy);
        for (var round = 0; round < 3; round++)
        {
            Append(log, "a", "b");
            cursor.RequestSkip();
            Assert.True(cursor.TryPeek(out _, out _, out _));
        }

        Append(log, "y", "z");
        cursor.RequestSkip();

        Assert.Equal(expected, Rest(cursor));
    }

    [Theory]
    [InlineData("a g b c", "gap|c")]
    [InlineData("a g b g", "gap")]
    [InlineData("g", "gap")]
    [InlineData("a b c", "c")]
    public void Where_the_newest_is_enough_a_gap_of_another_node_is_told_all_the_same(string entries, string expected)
    {
        var (log, cursor) = Open(SlowPolicy.Latest);
        foreach (var entry in entries.Split(' '))
        {
            log.Append(Entry(entry == "g" ? "gap" : entry), isGap: entry == "g");
        }

        cursor.RequestSkip();

        Assert.Equal(expected, Rest(cursor));
    }

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public void A_position_never_decreases(SlowPolicy policy)
    {
        var (log, cursor) = Open(policy);
        var random = new Random(7);
        var last = 0L;
        for (var round = 0; round < 10_000; round++)
        {
            switch (random.Next(4))
            {
                case 0:
                    log.Append(Entry("x").AsSpan(0, random.Next(10, 100)), isGap: random.Next(5) == 0);
                    break;
                case 1:
                    cursor.RequestSkip();
                    break;
                default:
                    if (cursor.TryPeek(out var segment, out var start, out var end))
                    {
                        if (random.Next(3) == 0)
                        {
                            Append(log, "between");
                            cursor.RequestSkip();
                        }

                        cursor.Advance(segment, random.Next(2) == 0 ? end : segment.Entry(segment.IndexOf(start), end).End);
                    }

                    break;
            }

            Assert.InRange(cursor.Position, last, log.Position);
            Assert.Equal(cursor.IsSkipping ? 0 : log.Position - cursor.Position, cursor.Lag);
            last = cursor.Position;
        }
    }

    [Fact]
    public void A_log_keeps_as_much_as_the_furthest_of_those_that_are_not_told_to_close_lags()
    {
        var log = new TopicLog(default, SlowPolicy.Disconnect);
        var (far, near) = (new SlowClient(1, SlowPolicy.Disconnect), new SlowClient(2, SlowPolicy.Disconnect));
        log.Open(far.Subscription);
        Append(log, "a", "b");
        log.Open(near.Subscription);
        Append(log, "c");
        Assert.Equal(log.Position, log.Kept(skipping: true));

        Assert.Equal((1, 0), log.Cut(log.Position));

        Assert.Equal((1, 0), (far.Overruns, near.Overruns));
        Assert.Equal(2 + Entry("c").Length, log.Kept(skipping: true));
    }

    [Fact]
    public void An_entry_of_a_log_keeps_its_message_time_and_origin_beside_the_frame()
    {
        var log = new TopicLog(new PushForm(WireFormat.Json, false));
        var cursor = new Subscription(new(1), "t"u8.ToArray(), 1);
        log.Open(cursor);
        log.Append(new LogEntry("1"u8, WireFormat.Json) { Time = 7, Origin = 9 });
        var large = Encoding.UTF8.GetBytes(new string('x', 200));
        log.Append(new LogEntry(large, WireFormat.Json));
        Assert.True(cursor.TryPeek(out var segment, out var start, out var end));

        Assert.Equal("1"u8, segment.Payload(0, end).Span);
        Assert.Equal(large, segment.Payload(1, end).ToArray());
        Assert.Equal((7, 0), (segment.Time(0), segment.Time(1)));
        Assert.Equal((3, 9L), segment.Entry(segment.IndexOf(start), end));
        Assert.Equal(3 + 4 + 200, end);
    }

    private static (TopicLog Log, Subscription Cursor) Open(SlowPolicy policy)
    {
        var log = new TopicLog(default, policy);
        var cursor = new Subscription(new(1), "t"u8.ToArray(), 1) { Slow = policy };
        log.Open(cursor);
        return (log, cursor);
    }

    /// <summary>Text, longer than a gap.</summary>
    private static byte[] Entry(string text) => Encoding.UTF8.GetBytes(text.PadRight(100, '.'));

    private static void Append(TopicLog log, params string[] entries)
    {
        foreach (var entry in entries)
        {
            log.Append(Entry(entry));
        }
    }

    /// <summary>Takes all there is; what is taken at once is set off by bars.</summary>
    private static string Rest(Subscription cursor)
    {
        var parts = new List<string>();
        while (cursor.TryPeek(out var segment, out var start, out var end))
        {
            parts.Add(Show(segment, start, end));
            cursor.Advance(segment, end);
        }

        return string.Join('|', parts);
    }

    private static string Show(LogSegment segment, int start, int end)
    {
        var text = new StringBuilder();
        for (var at = start; at < end; at += 2 + segment.Bytes[at + 1])
        {
            text.Append(segment.Bytes[at] == 0x81 ? "gap" : Encoding.UTF8.GetString(segment.Bytes, at + 2, segment.Bytes[at + 1]).TrimEnd('.'));
        }

        return text.ToString();
    }
}
