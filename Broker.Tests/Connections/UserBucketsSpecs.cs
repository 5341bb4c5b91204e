using Broker.Node.Connections;

namespace Broker.Tests.Connections;

public sealed class UserBucketsSpecs
{
    private readonly UserBuckets _buckets = new(new TokenRate(10, 10, 1000));

    [Fact]
    public void Connections_of_a_user_share_one_bucket()
    {
        using var first = _buckets.Join("alice");
        using var second = _buckets.Join("alice");
        using var other = _buckets.Join("bob");
        Assert.True(first.TryTake(6, 0, out _));
        Assert.False(second.TryTake(5, 0, out var retryAfter));
        Assert.Equal(TimeSpan.FromMilliseconds(100), retryAfter);
        Assert.True(second.TryTake(4, 0, out _));
        Assert.True(other.TryTake(10, 0, out _));
    }

    [Fact]
    public void Bucket_lives_as_long_as_one_connection_does()
    {
        var first = _buckets.Join("alice");
        var second = _buckets.Join("alice");
        Assert.True(first.TryTake(10, 0, out _));
        first.Dispose();
        first.Dispose();
        Assert.Equal(1, _buckets.Count);
        using (var third = _buckets.Join("alice"))
        {
            Assert.False(third.TryTake(1, 0, out _));
        }

        second.Dispose();
        Assert.Equal(0, _buckets.Count);
    }

    [Fact]
    public void Tokens_are_neither_lost_nor_doubled_under_contention()
    {
        using var bucket = _buckets.Join("alice");
        var taken = 0;
        Parallel.For(0, 10_000, i =>
        {
            if (bucket.TryTake(1, i / 100, out _))
            {
                Interlocked.Increment(ref taken);
            }
        });
        Assert.InRange(taken, 10, 11);
    }
}
