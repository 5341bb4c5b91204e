using Broker.Tests.Sequenced.Model;

namespace Broker.Tests.Sequenced;

/// <summary>The classes that own, copy and hand over a partition, in a cluster where everything that can goes wrong.</summary>
public sealed class PartitionModelSpecs
{
    private const int Blocks = 8;

    public static TheoryData<int> Runs => [.. Enumerable.Range(0, Blocks)];

    public static TheoryData<string> Bugs => [.. Enum.GetNames<ModelBug>().Where(static name => name != nameof(ModelBug.None))];

    private static int Seeds => Environment.GetEnvironmentVariable("BROKER_TESTS_FULL") == "1" ? 20_000 : 400;

    [Theory]
    [MemberData(nameof(Runs))]
    public void What_clients_see_is_one_order_without_unsaid_loss(int block)
    {
        var (acknowledged, deliveries) = (0, 0);
        for (var seed = block; seed < Seeds; seed += Blocks)
        {
            var cluster = new ModelCluster(seed);
            cluster.Run();
            Assert.True(cluster.History.Faults.Count == 0, $"seed {seed}: {string.Join('\n', cluster.History.Faults.Take(10))}");
            acknowledged += cluster.History.Acknowledged;
            deliveries += cluster.History.Deliveries;
        }

        Assert.True(acknowledged > Seeds && deliveries > Seeds, $"{acknowledged} acknowledged, {deliveries} delivered");
    }

    [Theory]
    [MemberData(nameof(Bugs))]
    public void A_bug_that_is_put_in_is_found(string bug) =>
        Assert.Contains(Enumerable.Range(0, 3000), seed =>
        {
            var cluster = new ModelCluster(seed, Enum.Parse<ModelBug>(bug));
            try
            {
                cluster.Run();
            }
            catch (ArgumentException)
            {
                // A number that is given twice.
                return true;
            }

            return cluster.History.Faults.Count > 0;
        });
}
