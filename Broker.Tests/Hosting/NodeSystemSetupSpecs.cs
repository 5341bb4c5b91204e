using Akka.Event;
using Broker.Node.Hosting;

namespace Broker.Tests.Hosting;

public sealed class NodeSystemSetupSpecs
{
    [Theory]
    [InlineData("TLS handshake failed on channel [x](Id=1)\nTLS handshake failed (Server side):\n  Error: not an SSL/TLS record: 4745", false)]
    [InlineData("Error caught channel [x](Id=1)", false)]
    [InlineData("Rejected incoming connection from [x] due to TLS handshake failure. This is likely invalid or malicious traffic.", true)]
    [InlineData("Refused a cluster connection with x: no certificate", true)]
    [InlineData("Something else: TLS handshake failed on channel", true)]
    public void Stranger_on_the_remoting_port_leaves_one_line(string message, bool kept)
    {
        var log = new Error(null, "TcpServerHandler (akka://broker)", typeof(NodeSystemSetupSpecs), message);
        Assert.Equal(kept, NodeSystemSetup.Noise().CreateEvaluator().ShouldTryKeepMessage(log, out _));
    }

    [Theory]
    [InlineData("partitions: Trying to register to coordinator at [/system/x], but no acknowledgement. Total [70] buffered messages. [x]", false)]
    [InlineData("partitions: Requested shard homes [103, 113] from coordinator at [x]. [2] total buffered messages.", false)]
    [InlineData("partitions: No coordinator found to register. Probably, no seed-nodes configured", false)]
    [InlineData("partitions: Buffer is full, dropping message for shard [7]", true)]
    public void What_a_region_repeats_twice_a_second_leaves_no_line(string message, bool kept)
    {
        var log = new Warning("akka.tcp://broker@127.0.0.1:4053/system/sharding/partitions", typeof(NodeSystemSetupSpecs), message);
        Assert.Equal(kept, NodeSystemSetup.Noise().CreateEvaluator().ShouldTryKeepMessage(log, out _));
    }
}
