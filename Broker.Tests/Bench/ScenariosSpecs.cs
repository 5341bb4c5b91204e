using Broker.Bench.EndToEnd;

namespace Broker.Tests.Bench;

public sealed class ScenariosSpecs
{
    private static readonly string[] OneNode = ["a"];

    private static readonly string[] ThreeNodes = ["a", "b", "c"];

    private static IEnumerable<Scenario> All => Scenarios.Groups.SelectMany(group => group.Scenarios);

    [Fact]
    public void Names_are_unique() => Assert.Equal(All.Count(), All.Select(scenario => scenario.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());

    [Fact]
    public void Publishers_and_topics_fit_the_connections()
    {
        Assert.All(All, scenario => Assert.InRange(scenario.Load.Publishers, 1, scenario.Load.Connections));
        Assert.All(All, scenario => Assert.Equal(0, scenario.Load.Topics % scenario.Load.TopicsEach));

        // A piloted publisher waits for a plain subscriber of its own.
        Assert.All(All.Where(scenario => scenario.Load.Pilot), scenario => Assert.True(scenario.Load.Connections >= 2 * scenario.Load.Publishers));
    }

    [Fact]
    public void Publishers_connect_to_the_first_address_and_the_others_to_the_rest()
    {
        var scenario = All.First();

        Assert.Equal(["a"], scenario.Urls(OneNode));
        Assert.Equal(["a", "b"], (scenario with { Nodes = 3 }).Urls(ThreeNodes));
        Assert.Equal(["a", "a", "b", "c"], (scenario with { Nodes = 3, Spread = true }).Urls(ThreeNodes));
    }
}
