using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.TestKit;
using Broker.Node.Configuration.Options;
using Broker.Node.Listening;
using Broker.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Broker.Tests.Listening;

public sealed class ListenerStageSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accepted_socket_is_admitted_with_its_options_set()
    {
        await using var listener = await ListenerHarness.StartAsync();
        using var client = await listener.ConnectAsync();
        using var connection = await listener.NextAsync();

        // The kernel caps the buffer; the same wish on another socket says at what.
        using var reference = new Socket(SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = 256 * 1024 };
        Assert.Equal(reference.SendBufferSize, connection.Socket!.SendBufferSize);
        Assert.True(connection.Socket.NoDelay);
        Assert.Equal(client.LocalEndPoint, connection.Remote);
        Assert.Equal((1, 1), (listener.Admission.Connections, listener.Admission.Handshakes));
        connection.Lease!.HandshakeDone();
        Assert.Equal((1, 0), (listener.Admission.Connections, listener.Admission.Handshakes));
        connection.Dispose();
        Assert.Equal(0, listener.Admission.Connections);
    }

    [Fact]
    public async Task Client_on_a_dual_stack_listener_shows_its_IPv4_address()
    {
        await using var listener = await ListenerHarness.StartAsync(endPoint: new IPEndPoint(IPAddress.IPv6Any, 0));
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, listener.Binding.EndPoint.Port, Cancel);
        using var connection = await listener.NextAsync();
        Assert.Equal(IPAddress.Loopback, connection.Remote.Address);
    }

    [Fact]
    public async Task Address_in_use_fails_the_binding_and_names_the_address()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        var taken = (IPEndPoint)other.LocalEndPoint!;

        var failure = await Assert.ThrowsAsync<IOException>(() => ListenerHarness.StartAsync(endPoint: taken));
        Assert.Equal($"cannot listen on {taken}: address already in use", failure.Message);
    }

    [Fact]
    public async Task Nothing_is_accepted_without_demand()
    {
        var accepts = 0;
        ValueTask<Socket> Accept(Socket listening)
        {
            Interlocked.Increment(ref accepts);
            return listening.AcceptAsync(CancellationToken.None);
        }

        await using var listener = await ListenerHarness.StartAsync();
        var stage = new ListenerStage(new IPEndPoint(IPAddress.Loopback, 0), listener.Admission, listener.Refusals, null, new TrustedProxies(new ProxyOptions()), listener.Metrics.Metrics, SilentLog.Connections, Accept);
        var (bound, queue) = Source.FromGraph(stage)
            .ToMaterialized(Sink.Queue<AcceptedConnection>().WithAttributes(Attributes.CreateInputBuffer(1, 1)), Keep.Both)
            .Run(listener.System.Materializer());
        var binding = await bound;
        using var first = await ConnectAsync(binding);
        using var second = await ConnectAsync(binding);
        using var third = await ConnectAsync(binding);

        // The sink's buffer of one is demand for one; the others lie in the backlog.
        await Eventually.IsTrueAsync(() => listener.Admission.Connections == 1, "one admitted");
        Assert.Equal(1, Volatile.Read(ref accepts));
        (await queue.PullAsync()).Value.Dispose();
        (await queue.PullAsync()).Value.Dispose();
        (await queue.PullAsync()).Value.Dispose();
        Assert.InRange(Volatile.Read(ref accepts), 3, 4);
    }

    [Fact]
    public async Task Unbinding_completes_the_stream_and_leaves_connections_open()
    {
        await using var listener = await ListenerHarness.StartAsync();
        using var client = await listener.ConnectAsync();
        using var connection = await listener.NextAsync();
        await listener.Binding.UnbindAsync();
        await listener.Ended.WaitAsync(Cancel);

        Assert.False(listener.Binding.Accepting);
        await connection.Socket!.SendAsync("still here"u8.ToArray(), Cancel);
        Assert.Equal(10, await client.ReceiveAsync(new byte[64], Cancel));
        var refused = await Assert.ThrowsAsync<SocketException>(listener.ConnectAsync);
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await listener.Binding.UnbindAsync();
    }

    [Fact]
    public async Task Listening_socket_closes_with_the_stream()
    {
        var listener = await ListenerHarness.StartAsync();
        var endPoint = listener.Binding.EndPoint;
        await listener.DisposeAsync();
        await listener.Binding.Unbound.WaitAsync(Cancel);
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        again.Bind(endPoint);
    }

    [Fact]
    public async Task Client_over_the_total_reads_503_with_Retry_After()
    {
        await using var listener = await ListenerHarness.StartAsync(new LimitOptions { Connections = 1 });
        using var held = await listener.ConnectAsync();
        using var connection = await listener.NextAsync();

        using var client = await listener.ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('x', 30000)}\r\n\r\n"), Cancel);
        var response = await ListenerHarness.ReadToEndAsync(client);
        Assert.Matches("^HTTP/1\\.1 503 Service Unavailable\r\nRetry-After: [1-5]\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$", response);

        // What is still on its way must not meet a closed socket: that would reset the connection, and the response with it.
        for (var i = 0; i < 5; i++)
        {
            await client.SendAsync(new byte[10_000], Cancel);
        }

        client.Dispose();
        await Eventually.IsTrueAsync(() => listener.Refusals.Count == 0, "refused connection closed");
        Assert.Equal(1, listener.Admission.Connections);
    }

    [Fact]
    public async Task Address_over_its_limit_reads_429()
    {
        await using var listener = await ListenerHarness.StartAsync(new LimitOptions { ConnectionsPerAddress = 1 });
        using var held = await listener.ConnectAsync();
        using var connection = await listener.NextAsync();
        using var client = await listener.ConnectAsync();
        Assert.StartsWith("HTTP/1.1 429 Too Many Requests\r\nRetry-After: ", await ListenerHarness.ReadToEndAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Accept_over_the_rate_reads_503()
    {
        await using var listener = await ListenerHarness.StartAsync(new LimitOptions { AcceptsPerSecond = 1 }, new FakeTimeProvider());
        using var held = await listener.ConnectAsync();
        using var connection = await listener.NextAsync();
        using var client = await listener.ConnectAsync();
        Assert.StartsWith("HTTP/1.1 503 ", await ListenerHarness.ReadToEndAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_client_that_never_closes_is_cut_after_a_second()
    {
        var time = new FakeTimeProvider();
        await using var listener = await ListenerHarness.StartAsync(new LimitOptions { Connections = 0 }, time);
        using var client = await listener.ConnectAsync();
        await ListenerHarness.ReadToEndAsync(client);
        Assert.Equal(1, listener.Refusals.Count);
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.IsTrueAsync(() => listener.Refusals.Count == 0, "cut");
    }

    [Fact]
    public async Task Handshake_that_takes_too_long_is_answered_408()
    {
        var time = new FakeTimeProvider();
        await using var listener = await ListenerHarness.StartAsync(time: time);
        using var client = await listener.ConnectAsync();
        using var connection = await listener.NextAsync();
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\n", await ListenerHarness.ReadToEndAsync(client), StringComparison.Ordinal);

        // Its owner finds the socket closed and lets go.
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await connection.Socket!.ReceiveAsync(new byte[1], Cancel));
        connection.Dispose();
        Assert.Equal((0, 0), (listener.Admission.Connections, listener.Admission.Handshakes));
    }

    [Fact]
    public async Task Oldest_handshake_is_dropped_when_there_are_too_many()
    {
        await using var listener = await ListenerHarness.StartAsync(new LimitOptions { Handshakes = 1 });
        using var silent = await listener.ConnectAsync();
        using var first = await listener.NextAsync();
        var pending = first.Socket!.ReceiveAsync(new byte[1], SocketFlags.None, Cancel).AsTask();
        using var newer = await listener.ConnectAsync();
        using var second = await listener.NextAsync();

        Assert.Matches("^(reset)?$", await ListenerHarness.ReadToEndAsync(silent));
        var error = await Assert.ThrowsAsync<SocketException>(() => pending);
        Assert.Equal(SocketError.OperationAborted, error.SocketErrorCode);
        Assert.Equal(1, listener.Admission.Handshakes);
        Assert.Equal(1, listener.Metrics["broker.connections.refused handshakes"]);
    }

    [Fact]
    public async Task Accept_errors_pause_the_listener_and_it_recovers_by_itself()
    {
        const int Failures = 6;
        var calls = 0;
        ValueTask<Socket> Accept(Socket listening) => Interlocked.Increment(ref calls) <= Failures
            ? ValueTask.FromException<Socket>(new SocketException((int)SocketError.TooManyOpenSockets))
            : listening.AcceptAsync(CancellationToken.None);

        await using var listener = await ListenerHarness.StartAsync(
            accept: Accept, hocon: "akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"");
        var scheduler = (TestScheduler)listener.System.Scheduler;
        using var client = await listener.ConnectAsync();

        for (var attempt = 1; attempt <= Failures; attempt++)
        {
            var failed = attempt;
            await Eventually.IsTrueAsync(() => Volatile.Read(ref calls) == failed && !listener.Binding.Accepting, $"attempt {failed} failed");

            // The stage arms its timer some time after the call that is seen here.
            await Eventually.IsTrueAsync(
                () =>
                {
                    scheduler.Advance(TimeSpan.FromMilliseconds(50));
                    return Volatile.Read(ref calls) > failed;
                },
                $"attempt {failed + 1}");
        }

        using var connection = await listener.NextAsync();
        Assert.True(listener.Binding.Accepting);
        Assert.InRange(Volatile.Read(ref calls), Failures + 1, Failures + 2);
    }

    [Fact]
    public async Task Client_that_is_gone_before_its_accept_costs_no_pause()
    {
        var calls = 0;
        ValueTask<Socket> Accept(Socket listening) => Interlocked.Increment(ref calls) == 1
            ? ValueTask.FromException<Socket>(new SocketException((int)SocketError.ConnectionAborted))
            : listening.AcceptAsync(CancellationToken.None);

        await using var listener = await ListenerHarness.StartAsync(
            accept: Accept, hocon: "akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"");
        using var client = await listener.ConnectAsync();
        using var connection = await listener.NextAsync();
        Assert.True(listener.Binding.Accepting);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 200)]
    [InlineData(3, 400)]
    [InlineData(4, 800)]
    [InlineData(5, 1000)]
    [InlineData(1000, 1000)]
    public void Pause_doubles_up_to_a_second(int failures, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), ListenerLogic.PauseAfter(failures));

    private static async Task<Socket> ConnectAsync(ListenerBinding binding)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(binding.EndPoint, Cancel);
        return socket;
    }
}
