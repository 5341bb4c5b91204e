using Broker.Node.Auth;
using CsCheck;

namespace Broker.Tests.Auth;

public sealed class SlidingCounterSpecs
{
    [Fact]
    public void Limit_within_the_window_is_reached_with_its_last_event()
    {
        var counter = new SlidingCounter(3, 10);
        Assert.False(counter.Add(0));
        Assert.False(counter.Add(5));
        Assert.False(counter.IsFull(9));
        Assert.True(counter.Add(9));
        Assert.True(counter.IsFull(9));
        Assert.False(counter.IsFull(10));
        Assert.Equal(9, counter.Last);
    }

    [Fact]
    public void Counter_of_one_is_reached_at_once()
    {
        var counter = new SlidingCounter(1, 10);
        Assert.False(counter.IsFull(0));
        Assert.True(counter.Add(0));
        Assert.False(counter.IsFull(10));
    }

    [Fact]
    public void Window_slides_as_a_list_of_all_events_says() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[1, 20], Gen.Int[0, 6].Array[1, 60]).Sample((limit, window, steps) =>
        {
            var counter = new SlidingCounter(limit, window);
            var events = new List<long>();
            var now = 0L;
            return steps.All(step =>
            {
                now += step;
                events.Add(now);
                return counter.Add(now) == (events.Count(at => now - at < window) >= limit);
            });
        });
}
