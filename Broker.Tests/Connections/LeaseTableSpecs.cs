using System.Net;
using System.Runtime.CompilerServices;
using Broker.Node.Auth;
using Broker.Node.Connections;

namespace Broker.Tests.Connections;

public sealed class LeaseTableSpecs
{
    [Fact]
    public void Address_is_refused_over_its_limit_until_one_leaves()
    {
        var counts = new LeaseTable<AddressKey>(2);
        var address = AddressKey.Of(IPAddress.Loopback);
        Assert.True(counts.TryAdd(address, out var first));
        Assert.True(counts.TryAdd(address, out _));
        Assert.False(counts.TryAdd(address, out var refused));
        Assert.Null(refused);
        Assert.True(counts.TryAdd(AddressKey.Of(IPAddress.Parse("127.0.0.2")), out _));
        first.Dispose();
        first.Dispose();
        Assert.True(counts.TryAdd(address, out _));
        Assert.False(counts.TryAdd(address, out _));
    }

    [Fact]
    public void User_is_refused_over_its_limit()
    {
        var counts = new LeaseTable<string>(1);
        Assert.True(counts.TryAdd("alice", out _));
        Assert.False(counts.TryAdd("alice", out _));
        Assert.True(counts.TryAdd("Alice", out _));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("10.0.0.1", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    [InlineData("10.0.0.1", "0:0:a00:1::", false)]
    public void Address_is_an_IPv4_address_or_an_IPv6_slash_64(string left, string right, bool same)
    {
        Assert.Equal(same, AddressKey.Of(IPAddress.Parse(left)) == AddressKey.Of(IPAddress.Parse(right)));
    }

    [Fact]
    public void Entries_vanish_with_the_last_connection()
    {
        var counts = new LeaseTable<string>(2);
        Assert.True(counts.TryAdd("alice", out var one));
        Assert.True(counts.TryAdd("alice", out var two));
        Assert.Equal(1, counts.Count);
        one.Dispose();
        Assert.Equal(1, counts.Count);
        two.Dispose();
        Assert.Equal(0, counts.Count);
    }

    [Fact]
    public void Holders_of_a_key_share_what_was_made_for_the_first()
    {
        var made = 0;
        var table = new LeaseTable<string, object>(2, () => new StrongBox<int>(++made));
        Assert.True(table.TryAdd("alice", out var first, out var one));
        Assert.True(table.TryAdd("alice", out var second, out var two));
        Assert.True(table.TryAdd("bob", out var other, out _));
        Assert.False(table.TryAdd("alice", out var refused, out _));
        Assert.Same(first, second);
        Assert.NotSame(first, other);
        Assert.Null(refused);
        one.Dispose();
        one.Dispose();
        Assert.True(table.TryAdd("alice", out var third, out var three));
        Assert.Same(first, third);
        two.Dispose();
        three.Dispose();
        Assert.True(table.TryAdd("alice", out var next, out _));
        Assert.NotSame(first, next);
        Assert.Equal(3, made);
    }

    [Fact]
    public void Counts_are_right_when_many_come_and_go_at_once()
    {
        var counts = new LeaseTable<string>(4);
        var most = 0;
        var now = 0;
        Parallel.For(0, 20_000, _ =>
        {
            if (counts.TryAdd("alice", out var lease))
            {
                var held = Interlocked.Increment(ref now);
                InterlockedMax(ref most, held);
                Interlocked.Decrement(ref now);
                lease.Dispose();
            }
        });
        Assert.InRange(most, 1, 4);
        Assert.Equal(0, counts.Count);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
