using System.Globalization;
using System.Text;
using Akka.Actor;
using Broker.Node.Delivery;
using Broker.Node.Lanes;
using Broker.Node.Topics;
using Broker.Tests.Support;

namespace Broker.Tests.Lanes;

/// <summary>What it costs a lane when many leave one topic among very many.</summary>
public sealed class LeaveCostSpecs : IDisposable
{
    private const int Leaving = 10_000;

    private readonly FanOutPool _pool = new(1);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void A_client_that_leaves_costs_the_same_whatever_the_number_of_topics()
    {
        // The first run warms up.
        LeaveTime(10);
        var few = Enumerable.Range(0, 3).Min(_ => LeaveTime(10));
        var many = Enumerable.Range(0, 3).Min(_ => LeaveTime(100_000));
        TestContext.Current.TestOutputHelper!.WriteLine($"{Each(few)} µs each among 10 topics, {Each(many)} among 100,000");

        Assert.InRange(many / Leaving, TimeSpan.Zero, TimeSpan.FromMilliseconds(0.1));

        // A look at every topic would cost 10,000 times as much; caches that are cold cost some.
        Assert.InRange(many, TimeSpan.Zero, (few * 20) + TimeSpan.FromMilliseconds(5));

        static double Each(TimeSpan all) => all.TotalMicroseconds / Leaving;
    }

    [Fact]
    public void The_room_of_topics_that_are_gone_is_given_back()
    {
        var topics = TestLane.Create(_pool, lagLimit: 1000);
        var subscriptions = Open(topics, new ConnectionWriter(1), 100_000);
        Assert.InRange(topics.Capacity, 100_000, 400_000);
        foreach (var subscription in subscriptions)
        {
            topics.Leave(subscription);
        }

        Assert.Equal(0, topics.Count);
        Assert.InRange(topics.Capacity, 1, 8192);
    }

    private TimeSpan LeaveTime(int others)
    {
        var topics = TestLane.Create(_pool, lagLimit: 1000);
        Open(topics, new ConnectionWriter(1), others);
        var name = "the.one"u8.ToArray();
        var leaving = Enumerable.Range(0, Leaving).Select(i => new Subscription(new ConnectionWriter(i + 2), name, TopicName.Hash(name))).ToArray();
        foreach (var subscription in leaving)
        {
            topics.Execute(new SubscribeCommand(subscription, default, 0, ActorRefs.Nobody));
        }

        topics.Flush();
        var start = ThreadTime.Now;
        foreach (var subscription in leaving)
        {
            topics.Leave(subscription);
        }

        topics.Flush();
        var time = ThreadTime.Now - start;
        Assert.Equal(others, topics.Count);
        return time;
    }

    private static List<Subscription> Open(LaneTopics topics, ConnectionWriter writer, int count)
    {
        List<Subscription> subscriptions = new(count);
        for (var i = 0; i < count; i++)
        {
            var name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"other.{i}"));
            var subscription = new Subscription(writer, name, TopicName.Hash(name));
            topics.Execute(new SubscribeCommand(subscription, default, 0, ActorRefs.Nobody));
            subscriptions.Add(subscription);
        }

        topics.Flush();
        return subscriptions;
    }
}
