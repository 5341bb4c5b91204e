using Broker.Node.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Connections;

public sealed class UserBucketsSpecs
{
    private readonly FakeTimeProvider _time = new();
    private readonly UserBuckets _buckets;

    public UserBucketsSpecs() => _buckets = new UserBuckets(new TokenRate(10, 10, _time.TimestampFrequency), _time);

    private long Now => _time.GetTimestamp();

    [Fact]
    public void Connections_of_a_user_share_one_bucket()
    {
        using var first = _buckets.Join("alice");
        using var second = _buckets.Join("alice");
        using var other = _buckets.Join("bob");
        Assert.True(first.TryTake(6, Now, out _));
        Assert.False(second.TryTake(5, Now, out var retryAfter));
        Assert.Equal(TimeSpan.FromMilliseconds(100), retryAfter);
        Assert.True(second.TryTake(4, Now, out _));
        Assert.True(other.TryTake(10, Now, out _));
    }

    [Fact]
    public void User_of_two_nodes_has_half_of_the_rate_on_each_and_nothing_is_forgiven()
    {
        using var alice = _buckets.Join("alice");
        using var other = _buckets.Join("bob");
        Assert.True(alice.TryTake(4, Now, out _));
        _buckets.Share("alice", 2);
        _buckets.Share("nobody", 2);
        Assert.False(alice.TryTake(2, Now, out var retryAfter));
        Assert.Equal(TimeSpan.FromMilliseconds(200), retryAfter);
        Assert.True(alice.TryTake(1, Now, out _));
        Assert.True(other.TryTake(10, Now, out _));
        _buckets.Share("alice", 1);
        Assert.True(alice.TryTake(5, Now, out _));
        Assert.False(alice.TryTake(1, Now, out _));
    }

    [Fact]
    public void Bucket_lives_as_long_as_one_connection_does()
    {
        var first = _buckets.Join("alice");
        var second = _buckets.Join("alice");
        Assert.True(first.TryTake(10, Now, out _));
        first.Dispose();
        first.Dispose();
        Assert.Equal(1, _buckets.Count);
        using (var third = _buckets.Join("alice"))
        {
            Assert.False(third.TryTake(1, Now, out _));
        }

        second.Dispose();
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(0, _buckets.Count);
    }

    [Fact]
    public void New_connection_of_a_user_does_not_bring_a_new_burst()
    {
        for (var connection = 0; connection < 10; connection++)
        {
            using var bucket = _buckets.Join("alice");
            Assert.Equal(connection == 0, bucket.TryTake(10, Now, out _));
            _time.Advance(TimeSpan.FromMilliseconds(50));
        }

        _time.Advance(TimeSpan.FromSeconds(1.1));
        using var rested = _buckets.Join("alice");
        Assert.True(rested.TryTake(10, Now, out _));
    }

    [Fact]
    public void Bucket_of_a_user_who_left_stays_until_it_is_full_and_no_longer()
    {
        _buckets.Join("alice").Dispose();
        _time.Advance(TimeSpan.FromSeconds(0.6));
        _buckets.Join("alice").Dispose();
        _buckets.Join("bob").Dispose();
        _time.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Equal(2, _buckets.Count);
        _time.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Equal(0, _buckets.Count);
    }

    [Fact]
    public void Tokens_are_neither_lost_nor_doubled_under_contention()
    {
        using var bucket = _buckets.Join("alice");
        var taken = 0;
        Parallel.For(0, 10_000, i =>
        {
            if (bucket.TryTake(1, Now, out _))
            {
                Interlocked.Increment(ref taken);
            }
        });
        Assert.Equal(10, taken);
    }
}
