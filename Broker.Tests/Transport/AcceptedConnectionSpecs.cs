using System.Net;
using Broker.Node.Transport;

namespace Broker.Tests.Transport;

public sealed class AcceptedConnectionSpecs : IDisposable
{
    private readonly AcceptedConnection _connection = new(null, Stream.Null, new IPEndPoint(IPAddress.Loopback, 1), tls: false, lease: null);

    public void Dispose() => _connection.Dispose();

    [Fact]
    public void Everybody_who_asked_is_called_once_when_it_ends()
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
    public async Task Nobody_who_asks_while_it_ends_is_forgotten()
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
}
