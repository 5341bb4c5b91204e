using Broker.Node.Connections;

namespace Broker.Tests.Connections;

public sealed class LagWatchSpecs
{
    private LagWatch _watch = new(byteLimit: 1000, timeLimit: 10);

    [Fact]
    public void More_than_the_byte_bound_is_too_much_at_once() => Assert.True(_watch.IsOver(0, flushed: 0, gathered: 100, waiting: 1001));

    [Fact]
    public void What_has_been_owed_for_the_time_bound_is_too_late()
    {
        Assert.False(_watch.IsOver(0, 0, 64, 500));
        Assert.False(_watch.IsOver(9, 0, 64, 500));
        Assert.True(_watch.IsOver(10, 0, 64, 500));
    }

    [Fact]
    public void A_trickle_that_does_not_pay_the_debt_in_time_does_not_help()
    {
        Assert.False(_watch.IsOver(0, 0, 64, 500));
        Assert.False(_watch.IsOver(5, 100, 164, 400));
        Assert.True(_watch.IsOver(10, 563, 600, 0));
    }

    [Fact]
    public void A_busy_reader_that_pays_each_debt_in_time_is_never_cut()
    {
        for (var now = 0; now < 1000; now += 5)
        {
            Assert.False(_watch.IsOver(now, flushed: now * 100, gathered: (now * 100) + 64, waiting: 400));
        }
    }

    [Fact]
    public void What_was_owed_when_the_watch_began_is_owed_until_it_is_sent()
    {
        Assert.False(_watch.IsOwed(0));
        _watch.IsOver(0, flushed: 0, gathered: 64, waiting: 500);
        Assert.True(_watch.IsOwed(563));
        Assert.False(_watch.IsOwed(564));
        _watch.Reset();
        Assert.False(_watch.IsOwed(0));
    }

    [Fact]
    public void A_reader_that_caught_up_starts_anew()
    {
        Assert.False(_watch.IsOver(0, 0, 64, 500));
        _watch.Reset();
        Assert.False(_watch.IsOver(20, 0, 64, 500));
    }
}
