using Broker.Tests.Support;

namespace Broker.Tests.Clients;

/// <summary>The client library most of the JavaScript world uses; what is asked and expected stands in <c>node/peer.mjs</c>.</summary>
[Collection(RealClients.Name)]
public sealed class NodeWsSpecs(OneNode shared) : RealClientSpecs
{
    [Theory]
    [InlineData("readme")]
    [InlineData("replies")]
    [InlineData("pattern")]
    [InlineData("order")]
    [InlineData("arrays")]
    [InlineData("errors")]
    [InlineData("subprotocols")]
    [InlineData("closes")]
    [InlineData("messagepack")]
    [InlineData("heartbeat")]
    public async Task Ws_client_passes(string scenario)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(
            RequiredTool.NodeWithPackages(),
            [Path.Combine(SourceTree.NodePeers, "peer.mjs"), scenario, shared.Node.WebSocket.AbsoluteUri],
            Cancellation);

        Assert.True(exitCode == 0, output);
        Assert.Contains($"passed {scenario}", output, StringComparison.Ordinal);
    }
}
