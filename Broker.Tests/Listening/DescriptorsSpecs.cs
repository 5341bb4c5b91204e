using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Akka.Streams.Dsl;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Tests.Support;

namespace Broker.Tests.Listening;

public sealed class DescriptorsSpecs
{
    [Theory]
    [InlineData(null, false)]
    [InlineData(4L, true)]
    [InlineData(1_000_000L, false)]
    public void Descriptors_are_low_when_the_next_number_is_near_the_limit(long? limit, bool low)
    {
        var descriptors = new Descriptors(limit);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        Assert.Equal((low, low), (descriptors.AreLow, descriptors.IsReserved(socket)));
    }

    [Fact]
    public void The_processs_own_limit_is_known_on_Linux() =>
        Assert.False(OperatingSystem.IsLinux() && Descriptors.OfProcess.AreLow);

    [Fact]
    public async Task A_client_on_one_of_the_last_descriptors_is_told_and_the_listener_not_ready()
    {
        await using var listener = await ListenerHarness.StartAsync();
        var stage = new ListenerStage(
            new IPEndPoint(IPAddress.Loopback, 0), listener.Admission, listener.Refusals, null, new TrustedProxies(new ProxyOptions()), listener.Metrics.Metrics, SilentLog.Connections, descriptors: new Descriptors(4));
        var binding = await Source.FromGraph(stage).To(Sink.ForEach<AcceptedConnection>(static connection => connection.Dispose())).Run(listener.System.Materializer());
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(binding.EndPoint, TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 503 ", await ListenerHarness.ReadToEndAsync(client), StringComparison.Ordinal);
        await Eventually.IsTrueAsync(() => !binding.Accepting, "not ready");
        Assert.Equal(1, listener.Metrics["broker.connections.refused descriptors"]);
        Assert.Equal(0, listener.Admission.Connections);
    }
}
