using Broker.Bench.EndToEnd;

namespace Broker.Tests.Bench;

public sealed class LoadSpecs
{
    [Fact]
    public void A_load_scaled_down_keeps_its_shape()
    {
        var load = new Load(500) { Topics = 50, Publishers = 50, Window = 1 };

        Assert.Equal(new Load(50) { Topics = 5, Publishers = 5, Window = 1 }, load.ScaledTo(50));
    }

    [Fact]
    public void A_load_scaled_down_keeps_whole_numbers_of_topics_for_each_connection()
    {
        var load = new Load(200) { Topics = 10_000, TopicsEach = 100, Publishers = 100 };

        Assert.Equal(new Load(2) { Topics = 100, TopicsEach = 100, Publishers = 1 }, load.ScaledTo(2));
    }

    [Fact]
    public void A_load_is_never_scaled_up() => Assert.Equal(new Load(2), new Load(2).ScaledTo(50));

    [Fact]
    public void Connections_that_are_only_opened_publish_nothing() =>
        Assert.Equal(["-n", "10", "--connect-only", "--settle", "3"], new Load(10) { ConnectOnly = true }.Arguments(4, 1));
}
