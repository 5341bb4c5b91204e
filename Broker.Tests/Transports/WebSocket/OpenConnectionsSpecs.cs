using System.Net;
using System.Text;
using Akka.Actor;
using Broker.Node.Auth;
using Broker.Node.Configuration.Options;
using Broker.Node.Delivery;
using Broker.Node.Listening;
using Broker.Node.Transports.WebSocket;
using Broker.Protocol.Wire;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Transports.WebSocket;

public sealed class OpenConnectionsSpecs : IDisposable
{
    private const int Step = HeldSteps.Size;
    private const int Bound = 48 * Step;

    private readonly OpenConnections _open = new(Bound, static work => work.Execute());
    private readonly List<long> _ended = [];
    private readonly RecordedMetrics _metrics = new();
    private readonly FakeSocket _socket = new();
    private long _lastId;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public void Past_the_bound_those_that_hold_most_are_shed_until_a_sixteenth_of_it_is_free()
    {
        var first = Open(16 * Step);
        Open(9 * Step);
        Open(15 * Step);
        Open(8 * Step);
        Assert.Empty(_ended);

        Open(Step);

        Assert.Equal([1], _ended);
        Assert.Equal(33 * Step, _open.Held);
        Assert.Equal((0, 0), (first.Writer.ControlLength, _metrics["broker.connections.closed 1013 overloaded"]));
    }

    [Fact]
    public void The_largest_connections_are_shed_first_and_no_more_than_it_takes()
    {
        Open(2 * Step);
        Open(2 * Step);
        Open(3 * Step);
        Open(40 * Step);

        // Two over the bound, and a sixteenth of it, so five: of the largest one, that is enough.
        Open(3 * Step);
        Assert.Equal([4], _ended);

        for (var i = 0; i < 19; i++)
        {
            Open(2 * Step);
        }

        Assert.Equal([4], _ended);
        Open(Step);
        Assert.Equal([4, 3, 5], _ended);
    }

    [Fact]
    public void Strangers_go_before_clients_however_little_they_hold()
    {
        Open(16 * Step).Admit(65536);
        Open(16 * Step).Admit(65536);
        Open(2 * Step);
        Open(2 * Step);
        Open(12 * Step).Admit(65536);
        Assert.Empty(_ended);

        Open(Step);

        Assert.Equal([3, 4], _ended);
    }

    [Fact]
    public void A_connection_that_asks_for_too_much_may_itself_be_shed()
    {
        Open(Step);
        Open(Bound);
        Assert.Equal([2], _ended);
        Assert.Equal(Step, _open.Held);
    }

    [Fact]
    public void A_connection_that_holds_less_than_a_step_stays()
    {
        for (var i = 0; i < 1000; i++)
        {
            Open(Step - 1);
        }

        Assert.Equal((0, 1000), (_open.Held, _open.Count));
        Assert.Empty(_ended);
    }

    [Fact]
    public void A_shed_connection_is_told_why_by_the_stage_that_ends_it()
    {
        var connection = Open(Step);
        connection.LastWords();
        Assert.Equal(0, connection.Writer.ControlLength);

        Assert.True(connection.TryStart(ActorRefs.Nobody));
        connection.Shed();
        Assert.Equal(0, connection.Writer.ControlLength);
        connection.LastWords();

        Assert.Equal(1, _metrics["broker.connections.closed 1013 overloaded"]);
        connection.Writer.Attach(_socket, static () => { });
        Assert.True(connection.Writer.TryPark() || connection.Writer.Gather());
        Assert.Contains("overloaded", Encoding.UTF8.GetString(connection.Writer.Chunk.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_shed_before_its_welcome_is_told_nothing()
    {
        var connection = Open(Step);
        connection.Shed();
        connection.LastWords();

        Assert.Equal(1, _metrics["broker.connections.closed 1013 overloaded"]);
        Assert.Equal(0, connection.Writer.ControlLength);
    }

    [Fact]
    public void A_shed_connection_counts_for_nothing_whatever_it_still_takes_and_gives_back()
    {
        var connection = Open(Step);
        connection.Add(12 * Step);
        connection.Shed();
        Assert.Equal((0, 0), (connection.Held, _open.Held));

        connection.OnKept(14 * Step);
        connection.OnTaken(12 * Step);
        connection.OnKept(0);
        connection.End();
        Assert.Equal((0, 0, 0), (connection.Held, _open.Held, _open.Count));
    }

    [Fact]
    public void A_connection_that_ends_gives_everything_back_and_is_forgotten()
    {
        var connection = Open(14 * Step);
        Assert.Equal((1, 14 * Step), (_open.Count, _open.Held));

        connection.End();

        Assert.Equal((0, 0), (_open.Count, _open.Held));
        Assert.Empty(_ended);
    }

    [Fact]
    public void Everything_that_waits_counts_in_steps_a_chunk_as_its_array()
    {
        var connection = Open(0);
        connection.Add(Step - 1);
        connection.Writer.Send(new byte[Step - 1]);
        Assert.Equal(0, _open.Held);
        connection.Add(1);
        connection.Writer.Send(new byte[1]);
        Assert.Equal(2 * Step, _open.Held);
        connection.OnTaken(1);
        Assert.Equal(Step, _open.Held);

        Assert.True(connection.Writer.Gather());
        Assert.Equal(0, _open.Held);
        connection.Writer.KeepChunk();
        connection.Writer.KeepChunk();
        Assert.Equal(Step, _open.Held);
        connection.Writer.Written();
        Assert.Equal(0, _open.Held);
    }

    [Fact]
    public void However_many_come_and_go_at_once_the_sum_is_right_in_the_end()
    {
        var open = new OpenConnections(long.MaxValue);
        var connections = Enumerable.Range(0, 8).Select(_ => Open(0, open)).ToList();
        Parallel.For(0, 4, thread =>
        {
            var random = new Random(thread);
            for (var i = 0; i < 20_000; i++)
            {
                var connection = connections[random.Next(connections.Count)];
                var bytes = random.Next(1, 60_000);
                connection.Add(bytes);
                connection.OnTaken(bytes);
            }
        });
        Assert.Equal(0, open.Held);

        connections.ForEach(static connection => connection.OnKept(Step));
        Assert.Equal(8 * Step, open.Held);
    }

    [Fact]
    public void A_connection_shed_while_it_takes_and_gives_back_leaves_nothing_behind()
    {
        var open = new OpenConnections(long.MaxValue);
        for (var i = 0; i < 2_000; i++)
        {
            var connection = Open(Step, open);
            Parallel.Invoke(
                connection.Shed,
                () => connection.Add(3 * Step),
                () => connection.OnTaken(3 * Step),
                connection.End);
            Assert.Equal(0, open.Held);
        }
    }

    [Fact]
    public async Task However_many_pass_the_bound_at_once_it_holds_in_the_end()
    {
        var open = new OpenConnections(Bound);
        var shed = new SemaphoreSlim(0);
        Parallel.For(0, 100, _ =>
        {
            var connection = Open(0, open);
            connection.State.OnAbort(() => shed.Release());
            connection.OnKept(Step);
        });

        // 100 of one step, and room for 48.
        for (var i = 0; i < 52; i++)
        {
            await shed.WaitAsync(TestContext.Current.CancellationToken);
        }

        Assert.InRange(open.Held, 0, Bound);
    }

    private ClientConnection Open(int kept) => Open(kept, _open);

    private ClientConnection Open(int kept, OpenConnections open)
    {
        Assert.True(Rights.TryCreate(new RightsOptions(), out var none, out _));
        var remote = new IPEndPoint(IPAddress.Loopback, 1);
        var id = Interlocked.Increment(ref _lastId);
        var transport = new AcceptedConnection(null, Stream.Null, remote, tls: false, lease: null)
        {
            Upgraded = new UpgradedRequest(WireFormat.Json, remote.Address, Identity.Anonymous(none!)),
        };
        var connection = new ClientConnection(id, transport, new WebSocketServices(new LimitOptions { UnauthenticatedMessage = 4096, Inbound = 65536 }, null, open, _metrics.Metrics, SilentLog.Connections, new FakeTimeProvider()));
        connection.State.OnAbort(() =>
        {
            lock (_ended)
            {
                _ended.Add(id);
            }
        });
        open.Add(connection);
        connection.OnKept(kept);
        return connection;
    }
}
