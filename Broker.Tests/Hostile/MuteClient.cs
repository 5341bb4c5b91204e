using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Hostile;

/// <summary>Thousands of clients of which nothing is wanted but that they are there: a bare socket each, and no buffer.</summary>
internal sealed class MuteClient : IDisposable
{
    private readonly Socket _socket;

    private MuteClient(Socket socket) => _socket = socket;

    /// <summary>What the node has said so far, up to what was waited for; empty where it ended the connection at once.</summary>
    public string Said { get; private set; } = "";

    public bool IsOpen => Said.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal);

    /// <summary>Connects, sends bytes and does not wait for an answer.</summary>
    public static async Task<MuteClient> DialAsync(EndPoint node, byte[] bytes, CancellationToken cancellation, IPAddress? from = null)
    {
        var client = new MuteClient(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            if (from is not null)
            {
                client._socket.Bind(new IPEndPoint(from, 0));
            }

            await client._socket.ConnectAsync(node, cancellation);
            await client._socket.SendAsync(bytes, cancellation);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Connects and asks for the upgrade; returns when the welcome has come, or another answer.</summary>
    public static async Task<MuteClient> UpgradeAsync(EndPoint node, CancellationToken cancellation, IPAddress? from = null)
    {
        var client = await DialAsync(node, RawWebSocket.UpgradeRequest("a"), cancellation, from);
        try
        {
            await client.ReadAsync("\"welcome\"", cancellation);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async Task SendAsync(byte[] bytes, CancellationToken cancellation) => await _socket.SendAsync(bytes, cancellation);

    /// <summary>Reads until a text has come, or the connection has ended.</summary>
    public async Task ReadAsync(string until, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(2048);
        try
        {
            int count;
            do
            {
                count = await _socket.ReceiveAsync(buffer, SocketFlags.None, cancellation);
                Said += Encoding.Latin1.GetString(buffer, 0, count);
            }
            while (count > 0 && !Said.Contains(until, StringComparison.Ordinal));
        }
        catch (SocketException)
        {
            // Reset: what was said before is the answer.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Drops what was said and is of no interest any more.</summary>
    public void Forget() => Said = "";

    public void Dispose() => _socket.Dispose();
}
