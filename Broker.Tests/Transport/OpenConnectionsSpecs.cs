using System.Net;
using Broker.Node.Configuration;
using Broker.Node.Connections;
using Broker.Node.Transport;
using Broker.Protocol.Session;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Transport;

public sealed class OpenConnectionsSpecs : IDisposable
{
    private const int Bound = 160_000;

    private readonly OpenConnections _open = new(Bound);
    private readonly List<long> _ended = [];
    private readonly RecordedMetrics _metrics = new();
    private long _lastId;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public void Past_the_bound_those_that_hold_most_are_shed_until_a_sixteenth_of_it_is_free()
    {
        Open(60_000);
        Open(9_000);
        Open(58_000);
        Open(33_000);
        Assert.Empty(_ended);

        Open(1);

        Assert.Equal([1], _ended);
        Assert.Equal(100_001, _open.Held);
        Assert.Equal(1, _metrics["broker.connections.closed 1013 overloaded"]);
    }

    [Fact]
    public void As_many_as_it_takes_are_shed()
    {
        for (var i = 0; i < 20; i++)
        {
            Open(8_000 + i);
        }

        Open(1);

        Assert.Equal([20, 19], _ended);
    }

    [Fact]
    public void Who_asks_for_too_much_may_be_the_one()
    {
        Open(1_000);
        Open(Bound);
        Assert.Equal([2], _ended);
        Assert.Equal(1_000, _open.Held);
    }

    [Fact]
    public void Small_ones_are_shed_where_there_are_no_others()
    {
        for (var i = 0; i <= Bound / 100; i++)
        {
            Open(100);
        }

        Assert.Equal(101, _ended.Count);
        Assert.Equal(Bound + 100 - (101 * 100), _open.Held);
    }

    [Fact]
    public void Who_has_been_shed_counts_for_nothing_whatever_it_still_takes_and_gives_back()
    {
        var connection = Open(1_000);
        connection.Add(50_000);
        connection.Shed();
        Assert.Equal((0, 0), (connection.Held, _open.Held));

        connection.OnKept(60_000);
        connection.OnTaken(50_000);
        connection.OnKept(0);
        connection.End();
        Assert.Equal((0, 0, 0), (connection.Held, _open.Held, _open.Count));
    }

    [Fact]
    public void Who_ends_gives_everything_back_and_is_not_there()
    {
        var connection = Open(60_000);
        Assert.Equal((1, 60_000), (_open.Count, _open.Held));

        connection.End();

        Assert.Equal((0, 0), (_open.Count, _open.Held));
        Assert.Empty(_ended);
    }

    [Fact]
    public void Messages_and_replies_that_wait_count_in_steps_and_a_chunk_that_waits_as_its_array()
    {
        var connection = Open(0);
        connection.Add(HeldSteps.Size - 1);
        connection.Writer.Send(new byte[HeldSteps.Size - 1]);
        Assert.Equal(0, _open.Held);
        connection.Add(1);
        connection.Writer.Send(new byte[1]);
        Assert.Equal(2 * HeldSteps.Size, _open.Held);
        connection.OnTaken(1);
        Assert.Equal(HeldSteps.Size, _open.Held);

        Assert.True(connection.Writer.Gather());
        Assert.Equal(0, _open.Held);
        connection.Writer.KeepChunk();
        connection.Writer.KeepChunk();
        Assert.Equal(HeldSteps.Size, _open.Held);
        connection.Writer.Written();
        Assert.Equal(0, _open.Held);
    }

    [Fact]
    public void However_many_come_and_go_at_once_the_sum_is_right_in_the_end()
    {
        var connections = Enumerable.Range(0, 8).Select(_ => Open(0)).ToList();
        Parallel.For(0, 8, thread =>
        {
            var random = new Random(thread);
            for (var i = 0; i < 20_000; i++)
            {
                var connection = connections[random.Next(connections.Count)];
                var bytes = random.Next(1, 60_000);
                connection.Add(bytes);
                connection.OnTaken(bytes);
            }

            connections[thread].OnKept(5_000);
        });

        Assert.Equal(5_000 * connections.Count(static connection => connection.Held > 0), _open.Held);
        Assert.Equal(connections.Count - _ended.Distinct().Count(), connections.Count(static connection => connection.Held > 0));
        connections.ForEach(static connection => connection.End());
        Assert.Equal(0, _open.Held);
    }

    private ClientConnection Open(int kept)
    {
        Assert.True(Rights.TryCreate(new RightsOptions(), out var none, out _));
        var remote = new IPEndPoint(IPAddress.Loopback, 1);
        var id = ++_lastId;
        var transport = new AcceptedConnection(null, Stream.Null, remote, tls: false, lease: null)
        {
            Upgraded = new UpgradedRequest(WireFormat.Json, remote.Address, Identity.Anonymous(none!)),
        };
        var connection = new ClientConnection(id, transport, new FormatLimits(new WebSocketLimits()), 4096, 65536, _open, _metrics.Metrics, SilentLog.Connections, new FakeTimeProvider());
        connection.OnAbort(() =>
        {
            lock (_ended)
            {
                _ended.Add(id);
            }
        });
        _open.Add(connection);
        connection.OnKept(kept);
        return connection;
    }
}
