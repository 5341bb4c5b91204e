using System.Runtime.CompilerServices;
using Broker.Node.Connections;
using CsCheck;

namespace Broker.Tests.Connections;

public sealed class TokenBucketSpecs
{
    private const long Frequency = 1_000_000_000;
    private const long Year = 366L * 24 * 3600 * Frequency;

    [Fact]
    public void Full_bucket_gives_its_burst_and_then_its_rate()
    {
        var bucket = new TokenBucket(new TokenRate(60, 120, Frequency));
        Assert.Equal(120, Drain(ref bucket, now: 5));
        Assert.Equal(60, Drain(ref bucket, now: 5 + Frequency));
        Assert.Equal(0, Drain(ref bucket, now: 5 + Frequency));
    }

    [Fact]
    public void Refusal_says_when_the_next_token_comes()
    {
        var bucket = new TokenBucket(new TokenRate(3, 1, Frequency));
        Assert.True(bucket.TryTake(1, 0, out var none));
        Assert.Equal(TimeSpan.Zero, none);
        Assert.False(bucket.TryTake(1, 0, out var retryAfter));
        Assert.Equal(3_333_334, retryAfter.Ticks);
        Assert.False(bucket.TryTake(1, 333_333_333, out _));
        Assert.True(bucket.TryTake(1, retryAfter.Ticks * 100, out _));
    }

    [Theory]
    [InlineData(7, 10, Frequency)]
    [InlineData(60, 120, 10_000_000)]
    [InlineData(1, 1, 3)]
    public void Nothing_is_lost_however_often_it_is_asked(int rate, int burst, long frequency)
    {
        // A hundred seconds in uneven steps: exactly burst + 100 x rate.
        var bucket = new TokenBucket(new TokenRate(rate, burst, frequency));
        var taken = 0;
        var step = Math.Max(1, frequency / 997);
        for (var now = 0L; now < 100 * frequency; now += step)
        {
            taken += Drain(ref bucket, now);
        }

        taken += Drain(ref bucket, 100 * frequency);
        Assert.Equal(burst + (100 * rate), taken);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(60, 120)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(1, int.MaxValue)]
    [InlineData(int.MaxValue, 1)]
    public void Bucket_idle_for_years_is_full_and_no_fuller(int rate, int burst)
    {
        var bucket = new TokenBucket(new TokenRate(rate, burst, Frequency));
        Assert.True(bucket.TryTake(burst, 0, out _));
        Assert.True(bucket.TryTake(burst, 70 * Year, out _));
        Assert.False(bucket.TryTake(1, 70 * Year, out var retryAfter));
        Assert.True(retryAfter > TimeSpan.Zero);
    }

    [Fact]
    public void Clock_that_goes_back_gives_nothing()
    {
        var bucket = new TokenBucket(new TokenRate(10, 10, Frequency));
        Assert.Equal(10, Drain(ref bucket, Frequency));
        Assert.Equal(0, Drain(ref bucket, 0));
        Assert.Equal(1, Drain(ref bucket, Frequency + (Frequency / 10)));
    }

    [Fact]
    public void More_than_the_burst_is_refused_and_costs_nothing()
    {
        var bucket = new TokenBucket(new TokenRate(10, 10, Frequency));
        Assert.False(bucket.TryTake(11, 0, out _));
        Assert.False(bucket.TryTake(int.MaxValue, 0, out _));
        Assert.Equal(10, Drain(ref bucket, 0));
        Assert.False(bucket.TryTake(11, 0, out var retryAfter));
        Assert.Equal(TimeSpan.FromSeconds(1), retryAfter);
    }

    [Fact]
    public void Waiting_as_told_is_enough_and_waiting_less_is_not() =>
        Gen.Select(Gen.Int[1, 1000], Gen.Int[1, 1000], Gen.Int[1, 1000], Gen.Long[0, Year]).Sample((rate, burst, count, start) =>
        {
            // 10 MHz, so that a timestamp is a tick and the answer is exact.
            var bucket = new TokenBucket(new TokenRate(rate, burst, TimeSpan.TicksPerSecond));
            count = Math.Min(count, burst);
            Drain(ref bucket, start);
            Assert.False(bucket.TryTake(count, start, out var retryAfter));
            Assert.False(bucket.TryTake(count, start + retryAfter.Ticks - 1, out _));
            Assert.True(bucket.TryTake(count, start + retryAfter.Ticks, out _));
        });

    [Fact]
    public void Bucket_is_small() => Assert.InRange(Unsafe.SizeOf<TokenBucket>(), 1, 32);

    private static int Drain(ref TokenBucket bucket, long now)
    {
        var taken = 0;
        while (bucket.TryTake(1, now, out _))
        {
            taken++;
        }

        return taken;
    }
}
