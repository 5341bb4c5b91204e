using System.Text;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;

namespace Broker.Tests.Delivery;

/// <summary>A cursor that its holder moves while the lane has it jump: every step of one between two of the other.</summary>
public sealed class SubscriptionSpecs : IDisposable
{
    private readonly FanOutPool _pool = new(0);
    private readonly DrainBatch _batch;

    public SubscriptionSpecs() => _batch = new DrainBatch(_pool);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(SlowPolicy.Skip, "abc|gap|e")]
    [InlineData(SlowPolicy.Latest, "abc|d|e")]
    public void A_jump_between_peek_and_advance_doubles_nothing_and_loses_nothing_untold(SlowPolicy policy, string expected)
    {
        var (log, cursor) = Open(policy);
        Append(log, "a", "b", "c");
        Assert.True(cursor.TryPeek(out var segment, out var start, out var end));
        Append(log, "x", "d");

        Assert.True(log.Jump(cursor, _batch));
        Assert.True(cursor.Advance(segment, end));
        Append(log, "e");

        Assert.Equal(expected, $"{Show(segment, start, end)}|{Rest(cursor)}");
    }

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public void What_was_written_while_the_cursor_jumped_is_not_written_again_and_needs_no_gap(SlowPolicy policy)
    {
        var (log, cursor) = Open(policy);
        Append(log, "a", "b", "c");
        Assert.True(cursor.TryPeek(out var segment, out var start, out var end));

        Assert.True(log.Jump(cursor, _batch));
        cursor.Advance(segment, end);
        Assert.False(cursor.TryPeek(out _, out _, out _));
        Append(log, "d");

        Assert.Equal("abc|d", $"{Show(segment, start, end)}|{Rest(cursor)}");
    }

    [Theory]
    [InlineData(SlowPolicy.Skip)]
    [InlineData(SlowPolicy.Latest)]
    public void A_cursor_that_advanced_before_it_saw_the_jump_lands_where_it_is(SlowPolicy policy)
    {
        var (log, cursor) = Open(policy);
        Append(log, "a", "b", "c");
        var late = Holder(log, cursor);

        // The lane has sealed the tail for somebody else's jump, and the holder walks on into the fresh one.
        Assert.Equal("abc", Rest(cursor));
        Assert.True(log.Jump(late, _batch));
        Append(log, "d", "e");
        Assert.True(cursor.TryPeek(out var segment, out _, out var end));
        cursor.Advance(segment, end - Entry("e").Length);
        var position = cursor.Position;
        cursor.Jump(Landing(log, segment), segment);

        Assert.Equal(position, cursor.Position);
        Assert.Equal("e", Rest(cursor));
    }

    [Theory]
    [InlineData(SlowPolicy.Skip, "gap|z")]
    [InlineData(SlowPolicy.Latest, "z")]
    public void A_later_jump_takes_the_place_of_one_that_waits(SlowPolicy policy, string expected)
    {
        var (log, cursor) = Open(policy);
        for (var round = 0; round < 5; round++)
        {
            Append(log, "a", "b", "c");
            Assert.True(log.Jump(cursor, _batch));
        }

        Append(log, "z");
        if (policy == SlowPolicy.Latest)
        {
            Assert.True(log.Jump(cursor, _batch));
        }

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
                    log.Append(Entry("x").AsSpan(0, random.Next(10, 100)), 0, isGap: random.Next(5) == 0);
                    break;
                case 1:
                    log.Jump(cursor, _batch);
                    break;
                default:
                    if (cursor.TryPeek(out var segment, out var start, out var end))
                    {
                        if (random.Next(3) == 0)
                        {
                            Append(log, "between");
                            log.Jump(cursor, _batch);
                        }

                        cursor.Advance(segment, random.Next(2) == 0 || segment.IsLanding ? end : segment.Entry(segment.IndexOf(start), end).End);
                    }

                    break;
            }

            Assert.InRange(cursor.Position, last, log.Position);
            Assert.Equal(log.Position - cursor.Position, cursor.Lag);
            last = cursor.Position;
        }
    }

    [Fact]
    public void Cursors_that_jump_before_the_next_message_share_the_landing()
    {
        var (log, first) = Open(SlowPolicy.Latest);
        var second = new Subscription(new(2), "t"u8.ToArray(), 1) { Slow = SlowPolicy.Latest };
        log.Open(second);
        Append(log, "a", "b");

        Assert.True(log.Jump(first, _batch));
        Assert.True(log.Jump(second, _batch));

        Assert.True(first.TryPeek(out var one, out _, out _));
        Assert.True(second.TryPeek(out var other, out _, out _));
        Assert.Same(one, other);
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
        Assert.Equal(log.Position, log.Kept());

        Assert.Equal(1, log.Cut(log.Position, _batch));

        Assert.Equal((1, 0), (far.Overruns, near.Overruns));
        Assert.Equal(Entry("c").Length, log.Kept());
    }

    private static (TopicLog Log, Subscription Cursor) Open(SlowPolicy policy)
    {
        var log = new TopicLog(default, policy);
        var cursor = new Subscription(new(1), "t"u8.ToArray(), 1) { Slow = policy };
        log.Open(cursor);
        return (log, cursor);
    }

    /// <summary>A cursor that lags from the present start of another.</summary>
    private static Subscription Holder(TopicLog log, Subscription from)
    {
        Assert.True(from.TryPeek(out var segment, out var start, out _));
        var cursor = new Subscription(new(3), "t"u8.ToArray(), 1) { Slow = from.Slow };
        cursor.Open(log, segment, start);
        return cursor;
    }

    /// <summary>What a jump decided before the holder came to <paramref name="live"/> would have landed on.</summary>
    private static LogSegment Landing(TopicLog log, LogSegment live)
    {
        Assert.True(log.Position >= live.Start);
        var entry = Entry("wrong");
        var landing = new LogSegment(entry.Length, live.Start - entry.Length) { IsLanding = true };
        landing.Append(entry, 0);
        landing.Seal(live);
        return landing;
    }

    /// <summary>A frame of text, longer than a gap.</summary>
    private static byte[] Entry(string text) => [0x82, 100, .. Encoding.UTF8.GetBytes(text.PadRight(100, '.'))];

    private static void Append(TopicLog log, params string[] entries)
    {
        foreach (var entry in entries)
        {
            log.Append(Entry(entry), 0);
        }
    }

    /// <summary>Takes all there is; a gap is set off by bars.</summary>
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
