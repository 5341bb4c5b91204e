using Broker.Node.Connections;

namespace Broker.Tests.Connections;

public sealed class AbuseMeterSpecs
{
    private const long Frequency = 1_000_000;
    private static readonly TokenRate Rate = new(60, 120, Frequency);

    [Theory]
    [InlineData(600)]
    [InlineData(595)]
    [InlineData(10_000)]
    public void Ten_times_the_rate_is_abuse_after_three_seconds(int perSecond)
    {
        var at = FirstAbuse(perSecond, seconds: 10);
        Assert.NotNull(at);
        Assert.InRange(at.Value, 3.0, 3.1);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(300)]
    [InlineData(530)]
    public void Less_than_ten_times_the_rate_is_no_abuse_however_long_it_lasts(int perSecond) => Assert.Null(FirstAbuse(perSecond, seconds: 60));

    [Fact]
    public void Burst_is_not_abuse()
    {
        var meter = new AbuseMeter(Rate);
        Assert.False(meter.Count(100_000, 0));
        Assert.False(meter.Count(1, 4 * Frequency));
        Assert.False(meter.Count(1, 4 * Frequency));
    }

    [Fact]
    public void Pause_of_a_second_begins_anew()
    {
        var meter = new AbuseMeter(Rate);
        for (var round = 0; round < 5; round++)
        {
            var start = round * 5 * Frequency;
            Assert.False(meter.Count(600, start));
            Assert.False(meter.Count(600, start + Frequency));
            Assert.False(meter.Count(1, start + (2 * Frequency)));
        }
    }

    [Fact]
    public void Ten_times_the_rate_in_a_lump_each_second_is_abuse_too()
    {
        var meter = new AbuseMeter(Rate);
        Assert.False(meter.Count(600, 0));
        Assert.False(meter.Count(600, Frequency));
        Assert.False(meter.Count(600, 2 * Frequency));
        Assert.True(meter.Count(600, 3 * Frequency));
        Assert.True(meter.Count(1, 3 * Frequency));
    }

    private static double? FirstAbuse(int perSecond, int seconds)
    {
        var meter = new AbuseMeter(Rate);
        for (var i = 0; i < perSecond * seconds; i++)
        {
            var now = i * Frequency / perSecond;
            if (meter.Count(1, now))
            {
                return now / (double)Frequency;
            }
        }

        return null;
    }
}
