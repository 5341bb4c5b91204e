using System.Net;
using Broker.Tests.Support;

namespace Broker.Tests.Cluster;

/// <summary>A node that has not joined yet takes no clients, so nobody can publish where nobody listens.</summary>
public sealed class JoiningSpecs : ProcessClusterSpecs
{
    [Fact]
    public async Task Node_without_its_cluster_refuses_upgrades_with_503_until_it_has_joined()
    {
        // A seed that is gone: nothing to join until it is there again.
        var seed = await StartAsync(null);
        seed.Signal(UnixSignal.Kill);
        await seed.WaitForExitAsync(Cancellation);
        var joining = await LaunchAsync(seed);

        var refusal = await JsonClient.RefusalAsync(joining.WebSocket, static _ => { }, Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refusal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await joining.HealthAsync("ready", Cancellation));
        Assert.Equal(HttpStatusCode.OK, await joining.HealthAsync("live", Cancellation));
        var again = Owned(await NodeProcess.StartAsync(["--cluster-port", seed.Cluster.Split(':')[1]], Cancellation));
        await joining.WaitUntilReadyAsync(Cancellation);
        await AssertFlowsAsync("joining.after", again, joining);
    }
}
