using System.Net.Sockets;
using System.Text;
using Broker.Tests.Support;

namespace Broker.Tests.Http;

/// <summary>An HTTP client that sends what it is told and reads responses one by one.</summary>
internal sealed class RawClient(Socket socket, Stream stream) : IDisposable
{
    private readonly List<byte> _received = [];

    private static CancellationToken Cancel => Deadline.Cancel;

    public Socket Socket => socket;

    public Stream Stream => stream;

    public async Task SendAsync(string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text), Cancel);

    /// <summary>One response with a Content-Length (or none): head and body.</summary>
    public async Task<(string Head, string Body)> ReadResponseAsync(bool withBody = true)
    {
        int end;
        while ((end = Text().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            Assert.True(await ReadMoreAsync(), $"closed in the head: {Text()}");
        }

        var head = Text()[..(end + 2)];
        _received.RemoveRange(0, end + 4);
        var length = head.Split("\r\n").Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            .Select(line => int.Parse(line[15..], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
        return (head, withBody ? await ReadAsync(length) : "");
    }

    public async Task<string> ReadAsync(int length)
    {
        while (_received.Count < length)
        {
            Assert.True(await ReadMoreAsync(), $"closed after {Text()}");
        }

        var text = Text()[..length];
        _received.RemoveRange(0, length);
        return text;
    }

    /// <summary>What is left until the other side closes.</summary>
    public async Task<string> ReadToEndAsync()
    {
        try
        {
            while (await ReadMoreAsync())
            {
            }
        }
        catch (IOException)
        {
            return Text() + "reset";
        }

        return Text();
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    public void Dispose()
    {
        stream.Dispose();
        socket.Dispose();
    }

    private string Text() => Encoding.Latin1.GetString([.. _received]);

    private async Task<bool> ReadMoreAsync()
    {
        var buffer = new byte[16 * 1024];
        var count = await stream.ReadAsync(buffer, Cancel);
        _received.AddRange(buffer.AsSpan(0, count));
        return count > 0;
    }
}
