using System.Net;
using System.Net.Sockets;
using Broker.Node.Delivery;
using Broker.Node.Listening;

namespace Broker.Tests.Listening;

public sealed class AcceptedConnectionSpecs : IDisposable
{
    private readonly AcceptedConnection _connection = new(null, Stream.Null, new IPEndPoint(IPAddress.Loopback, 1), tls: false, lease: null);

    public void Dispose() => _connection.Dispose();

    [Fact]
    public void Everybody_who_asked_is_called_once_when_the_connection_ends()
    {
        var calls = new List<string>();
        _connection.OnEnded(() => calls.Add("first"));
        _connection.OnEnded(() => calls.Add("second"));
        var ended = _connection.WhenEnded();
        Assert.Empty(calls);
        Assert.False(ended.IsCompleted);

        _connection.Dispose();
        _connection.Dispose();

        Assert.Equal(["first", "second"], calls);
        Assert.True(ended.IsCompleted);
    }

    [Fact]
    public void Who_asks_after_the_end_is_called_at_once()
    {
        _connection.Dispose();
        var calls = 0;

        _connection.OnEnded(() => calls++);

        Assert.Equal(1, calls);
        Assert.True(_connection.WhenEnded().IsCompleted);
    }

    [Fact]
    public async Task Nobody_who_asks_while_the_connection_ends_is_forgotten()
    {
        for (var round = 0; round < 1000; round++)
        {
            var connection = new AcceptedConnection(null, Stream.Null, new IPEndPoint(IPAddress.Loopback, 1), tls: false, lease: null);
            var calls = 0;
            var asking = Task.Run(() => connection.OnEnded(() => Interlocked.Increment(ref calls)), TestContext.Current.CancellationToken);
            connection.Dispose();
            await asking;
            Assert.Equal(1, calls);
        }
    }

    /// <summary>What a client does not take is dropped with the connection, over TLS too: the kernel would keep it for minutes.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_drops_what_the_client_has_not_taken(bool isStream)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        var socket = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        socket.Blocking = false;
        Assert.True(OutputProgress.Of(socket) is { IsEmpty: true });
        var sent = 0L;
        for (var chunk = new byte[64 * 1024]; ;)
        {
            var count = socket.Send(chunk, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                break;
            }

            sent += count;
        }

        Assert.True(OutputProgress.Of(socket) is { IsEmpty: false } progress && progress.Drained < sent);
        using var connection = isStream
            ? new AcceptedConnection(null, StreamOf(socket), (IPEndPoint)socket.RemoteEndPoint!, tls: true, lease: null) { Bottom = socket }
            : new AcceptedConnection(socket, null, (IPEndPoint)socket.RemoteEndPoint!, tls: false, lease: null);

        connection.Reset();

        var buffer = new byte[4096];
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await client.ReceiveAsync(buffer, TestContext.Current.CancellationToken) > 0)
            {
            }
        });
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    private static NetworkStream StreamOf(Socket socket)
    {
        socket.Blocking = true;
        return new NetworkStream(socket, ownsSocket: true);
    }
}
