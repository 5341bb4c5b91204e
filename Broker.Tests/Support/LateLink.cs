using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Broker.Tests.Support;

/// <summary>
/// Stands between a port and those who connect to it, and passes on what either side sends in its order, each part as much later as holds
/// when it comes: what <c>netem</c> would do, where the kernel has it not.
/// </summary>
internal sealed class LateLink : IAsyncDisposable
{
    /// <summary>Parts under way in one direction; then the sender waits.</summary>
    private const int MaxUnderWay = 4096;

    private readonly Socket _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _ends = new();
    private readonly Task _accepting;
    private volatile int _delay;
    private volatile int _jitter;

    /// <param name="address">To listen at, on a port that is free.</param>
    /// <param name="target">Whose port it is.</param>
    public LateLink(string address, IPEndPoint target)
    {
        _target = target;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>From now on so many milliseconds late, more or less so many.</summary>
    public void Delay(int mean, int jitter) => (_delay, _jitter) = (mean, jitter);

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ends.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> links = [];
        try
        {
            while (true)
            {
                links.Add(JoinAsync(await _listener.AcceptAsync(_ends.Token)));
            }
        }
        finally
        {
            await Task.WhenAll(links).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task JoinAsync(Socket near)
    {
        using var one = near;
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await other.ConnectAsync(_target, _ends.Token);
        one.NoDelay = other.NoDelay = true;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_ends.Token);
        await Task.WhenAny(PassAsync(one, other, ended.Token), PassAsync(other, one, ended.Token));
        await ended.CancelAsync();
    }

    /// <summary>Until either end is closed.</summary>
    private async Task PassAsync(Socket from, Socket to, CancellationToken cancellation)
    {
        var underWay = Channel.CreateBounded<(long Due, byte[] Bytes)>(MaxUnderWay);
        await Task.WhenAny(ReadAsync(from, underWay.Writer, cancellation), WriteAsync(underWay.Reader, to, cancellation));
    }

    private async Task ReadAsync(Socket from, ChannelWriter<(long Due, byte[] Bytes)> underWay, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        var last = 0L;
        while (await from.ReceiveAsync(buffer, cancellation) is > 0 and var read)
        {
            last = Math.Max(last, Environment.TickCount64 + _delay + Random.Shared.Next(-_jitter, _jitter + 1));
            await underWay.WriteAsync((last, buffer[..read]), cancellation);
        }
    }

    private static async Task WriteAsync(ChannelReader<(long Due, byte[] Bytes)> underWay, Socket to, CancellationToken cancellation)
    {
        await foreach (var (due, bytes) in underWay.ReadAllAsync(cancellation))
        {
            if (due - Environment.TickCount64 is > 0 and var early)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(early), cancellation);
            }

            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await to.SendAsync(bytes.AsMemory(sent), cancellation);
            }
        }
    }
}
