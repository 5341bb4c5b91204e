using System.Net.Security;
using System.Net.Sockets;

namespace Broker.Node.Listening;

/// <summary>
/// Sends a last response and closes. Closing a socket that still has unread bytes resets the connection and takes the
/// response with it, so what the client sends is read and thrown away until it closes too, for one second at most.
/// Nobody waits for it; beyond <see cref="MaxClosing"/> at a time nothing is read, and the response may be lost. Thread-safe.
/// </summary>
internal sealed class LingeringClose(TimeProvider time) : IDisposable
{
    public const int MaxClosing = 1024;

    /// <summary>Bytes read and thrown away of a client that has its answer.</summary>
    public const int MaxDiscarded = 256 * 1024;

    // Every connection reads into the same bytes: nobody looks at them.
    private static readonly byte[] Discarded = new byte[16 * 1024];

    private readonly DeadlineQueue<AcceptedConnection> _closing = new(TimeSpan.FromSeconds(1), time, static connection => connection.Dispose());

    /// <summary>Connections between their response and their end.</summary>
    public int Count => _closing.Count;

    public void Close(AcceptedConnection connection, ReadOnlyMemory<byte> response)
    {
        if (_closing.Count < MaxClosing)
        {
            _ = RunAsync(connection, response);
            return;
        }

        if (connection.Socket is { } socket)
        {
            TrySend(socket, response.Span);
        }

        connection.Dispose();
    }

    /// <summary>For a socket that nothing has been sent on yet: the kernel's buffer takes the response, so this does not wait.</summary>
    public static void TrySend(Socket socket, ReadOnlySpan<byte> response)
    {
        try
        {
            socket.Send(response, SocketFlags.None, out _);
        }
        catch (ObjectDisposedException)
        {
            // Its owner was faster.
        }
    }

    public void Dispose()
    {
        while (_closing.TakeOldest() is { } connection)
        {
            connection.Dispose();
        }

        _closing.Dispose();
    }

    private async Task RunAsync(AcceptedConnection connection, ReadOnlyMemory<byte> response)
    {
        var (socket, stream) = (connection.Socket, connection.Stream);
        var place = _closing.Add(connection);
        try
        {
            if (socket is not null)
            {
                await socket.SendAsync(response, SocketFlags.None);
                socket.Shutdown(SocketShutdown.Send);
            }
            else
            {
                await stream!.WriteAsync(response);
                await (stream is SslStream tls ? tls.ShutdownAsync() : stream.FlushAsync());
            }

            var discarded = 0;
            int received;
            do
            {
                received = socket is not null ? await socket.ReceiveAsync(Discarded, SocketFlags.None) : await stream!.ReadAsync(Discarded);
                discarded += received;
            }
            while (received > 0 && discarded < MaxDiscarded);
        }
        catch (Exception e) when (e is SocketException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client reset the connection, or its second is over: either way it is closed below.
        }
        finally
        {
            _closing.Remove(place);
            connection.Dispose();
        }
    }
}
