using System.Net;
using Akka.Actor;
using Akka.TestKit.Xunit;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Connections;
using Broker.Node.Delivery;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Connections;

/// <summary>A connection whose actor cannot be made, or does not start, is not left without anybody to end it.</summary>
public sealed class ConnectionStartSpecs : TestKit
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<IDisposable> _owned = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_whose_actor_throws_at_its_start_is_cut(bool hasRequest)
    {
        var options = new BrokerOptions();
        Assert.True(Rights.TryCreate(new RightsOptions(), out var rights, out _));

        // The constructor reads the request, PreStart the places of users.
        var services = new ConnectionServices(options, new NodeIdentity("1", "node"), null!, null!, null!, null!, RecordedMetrics.Unobserved(), SilentLog.Connections, _time);
        var remote = new IPEndPoint(IPAddress.Loopback, 40000);
        var transport = new AcceptedConnection(null, Stream.Null, remote, tls: false, lease: null)
        {
            Upgraded = hasRequest ? new UpgradedRequest(WireFormat.Json, remote.Address, new Identity("alice", rights!, null, default)) : null,
        };
        _owned.Add(transport);
        var connection = new ClientConnection(1, transport, new WebSocketServices(new LimitOptions(), null, new OpenConnections(long.MaxValue), RecordedMetrics.Unobserved(), SilentLog.Connections, _time));
        var aborted = new TaskCompletionSource();
        connection.State.OnAbort(() => aborted.TrySetResult());
        var connections = Sys.ActorOf(Props.Create(() => new ConnectionsActor(services)));

        connections.Tell(connection, ActorRefs.NoSender);

        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        Assert.Null(connection.State.Actor);
    }

    protected override void AfterAll()
    {
        _owned.ForEach(static owned => owned.Dispose());
        base.AfterAll();
    }
}
