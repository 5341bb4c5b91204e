using System.Net;
using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Listening;
using Broker.Node.Topics;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Connections;

public sealed class ClientSessionSpecs
{
    private static readonly IPEndPoint Remote = new(IPAddress.Loopback, 40000);

    /// <summary>A client sends its first message the moment it reads the welcome: the actor may be no further then.</summary>
    [Fact]
    public void Admitted_connection_has_its_limits_before_the_welcome_goes_out()
    {
        var time = new FakeTimeProvider();
        var options = new BrokerOptions();
        Assert.True(Rights.TryCreate(new RightsOptions(), out var rights, out _));
        var metrics = RecordedMetrics.Unobserved();
        var services = new ConnectionServices(options, new NodeIdentity("1", "node"), null!, new TopicRules(options), new Quotas(options, time), null!, metrics, SilentLog.Connections, time);
        using var transport = new AcceptedConnection(null, Stream.Null, Remote, tls: false, lease: null)
        {
            Upgraded = new UpgradedRequest(WireFormat.Json, Remote.Address, Identity.Anonymous(rights!)),
        };
        var connection = new ClientConnection(1, transport, new WebSocketServices(options.Limits, null, new OpenConnections(long.MaxValue), RecordedMetrics.Unobserved(), SilentLog.Connections, time));
        var atWelcome = 0;
        connection.Writer.Attach(new FakeSocket { Sending = () => atWelcome = connection.MessageLimit }, () => { });
        Assert.True(connection.Writer.TryPark());

        new ClientSession(connection, services, ActorRefs.Nobody, reason => Assert.Fail(reason.Reason)).Start();

        Assert.Equal(options.Limits.Message, atWelcome);
        Assert.NotEqual(options.Limits.Message, options.Limits.UnauthenticatedMessage);
    }
}
